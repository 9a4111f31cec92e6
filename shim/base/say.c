#include "say.h"

#include <string.h>

#include "out.h"
#include "sink.h"

enum { LINE = 512 };

struct piece say_text(const char *text, size_t size) { return (struct piece){text, size, 0}; }
struct piece say_string(const char *text) { return say_text(text, strlen(text)); }
struct piece say_number(int64_t number) { return (struct piece){NULL, 0, number}; }

void say_pieces(int fd, const struct piece *pieces, size_t count)
{
    char line[LINE];
    struct out o = {line, 0, LINE - 1};
    out_text(&o, "holdstill: ");
    for (size_t i = 0; i < count; i++)
        if (pieces[i].text)
            out_plain_bytes(&o, pieces[i].text, pieces[i].size);
        else
            out_number(&o, pieces[i].number);
    line[o.used++] = '\n';
    sink_write(fd, line, o.used);
}
