/*
 * Files of suppressions, against a second reading. The input: a place's text, a zero, the file. What
 * the file says that is no rule is one line each.
 */
#include "base/suppress.c"

#include <fcntl.h>

#include "fuzz.h"

/* Does the pattern match, by the table of all prefixes of both? */
static int glob(const char *pattern, size_t pattern_size, const char *text, size_t text_size)
{
    static char table[2][sizeof(struct place_text) + 1];
    char *row = table[0], *above = table[1];
    for (size_t i = 0; i <= pattern_size; i++) {
        char *swap = above;
        above = row;
        row = swap;
        for (size_t j = 0; j <= text_size; j++)
            if (i == 0)
                row[j] = j == 0;
            else if (pattern[i - 1] == '*')
                row[j] = above[j] || (j > 0 && row[j - 1]);
            else
                row[j] = j > 0 && above[j - 1] && pattern[i - 1] == text[j - 1];
    }
    return row[text_size];
}

/* 1: the rule of this line matches, 0: it doesn't, -1: it is none. */
static int judge(char *line, const char *place)
{
    const char *symbol = strchr(place, '(');
    line[strcspn(line, "#")] = 0;
    for (size_t size = strlen(line); size && strchr(" \t\r", line[size - 1]);)
        line[--size] = 0;
    if (!*line)
        return 0;
    if (strncmp(line, "library:", 8) == 0 && line[8])
        return *place && glob(line + 8, strlen(line + 8), place, strcspn(place, "+"));
    if (strncmp(line, "symbol:", 7) == 0 && line[7])
        return *place && glob(line + 7, strlen(line + 7), symbol ? symbol + 1 : "",
                    symbol ? strcspn(symbol + 1, ")") : 0);
    return -1;
}

static void write_file(const uint8_t *data, size_t size)
{
    static int fd = -1;
    if (fd < 0) {
        fd = memfd_create("suppressions", 0);
        snprintf(options.suppressions, sizeof options.suppressions, "/proc/self/fd/%d", fd);
    }
    REQUIRE(ftruncate(fd, 0) == 0 && pwrite(fd, data, size, 0) == (ssize_t)size, "%s", "no file");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t place_size = strnlen((const char *)data, size);
    struct finding_places places = {{""}, {""}, {""}, {""}};
    if (place_size >= size || place_size >= sizeof places.at.text || size - place_size > LARGEST)
        return 0;
    memcpy(places.at.text, data, place_size);
    data += place_size + 1;
    size -= place_size + 1;
    char *copy = fuzz_string(data, size), *rest = copy, *line;
    /* A zero is no text: from its line on nothing is read, and that is said. */
    int matched = 0, wrong = size == 0 || strlen(copy) < size;
    if (strlen(copy) < size && strchr(copy, '\n'))
        strrchr(copy, '\n')[1] = 0;
    else if (strlen(copy) < size)
        *copy = 0;
    while (size && (line = strsep(&rest, "\n"))) {
        int judged = judge(line, places.at.text);
        matched |= judged > 0;
        wrong += judged < 0;
    }
    write_file(data, size);
    fuzz_listen();
    suppress_start();
    int said = fuzz_lines(), found = suppress_matches(&places);
    REQUIRE(said == wrong, "%d lines for %d wrong ones", said, wrong);
    REQUIRE(found == matched, "%d for '%s'", found, places.at.text);
    if (rules)
        sys_call(SYS_munmap, (long)rules, LARGEST, 0, 0, 0, 0);
    rules = NULL;
    free(copy);
    return 0;
}
