#include "say.h"

#include <string.h>

#include "sys.h"

enum { LINE = 512 };

struct piece say_text(const char *text, size_t size) { return (struct piece){text, size, 0}; }
struct piece say_string(const char *text) { return say_text(text, strlen(text)); }
struct piece say_number(int64_t number) { return (struct piece){NULL, 0, number}; }

static size_t append(char *line, size_t used, const char *text, size_t size)
{
    for (size_t i = 0; i < size && used < LINE - 1; i++)
        line[used++] = (unsigned char)text[i] < ' ' || text[i] == 127 ? '?' : text[i];
    return used;
}

static size_t append_number(char *line, size_t used, int64_t number)
{
    char digits[24];
    size_t i = sizeof digits;
    uint64_t rest = number < 0 ? -(uint64_t)number : (uint64_t)number;
    do
        digits[--i] = (char)('0' + rest % 10);
    while (rest /= 10);
    if (number < 0)
        digits[--i] = '-';
    return append(line, used, digits + i, sizeof digits - i);
}

void say_pieces(int fd, const struct piece *pieces, size_t count)
{
    static const char name[] = "holdstill: ";
    char line[LINE];
    size_t used = append(line, 0, name, sizeof name - 1);
    for (size_t i = 0; i < count; i++)
        used = pieces[i].text ? append(line, used, pieces[i].text, pieces[i].size)
                              : append_number(line, used, pieces[i].number);
    line[used++] = '\n';
    sys_write(fd, line, used);
}
