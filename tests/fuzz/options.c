/*
 * Option strings, against a second reading of them that shares no code with the first: the same
 * values, and for each assignment that is none exactly one line.
 */
#include "base/options.h"

#include "fuzz.h"

enum type { CHOICE, MS, NUMBER, TEXT };

static const struct row {
    const char *name;
    enum type type;
    const char *choices, *preset_text;
    int64_t preset, maximum;
    size_t offset;
} rows[] = {
#define OPTION_CHOICE(name, preset, choices, help)                                              \
    {#name, CHOICE, choices, NULL, 0, 0, offsetof(struct options, name)},
#define OPTION_MS(name, preset, maximum, help)                                                  \
    {#name, MS, NULL, NULL, preset, maximum, offsetof(struct options, name)},
#define OPTION_NUMBER(name, preset, maximum, help)                                              \
    {#name, NUMBER, NULL, NULL, preset, maximum, offsetof(struct options, name)},
#define OPTION_TEXT(name, preset, help)                                                         \
    {#name, TEXT, NULL, preset, 0, 0, offsetof(struct options, name)},
#include "base/options.def"
};
enum { ROWS = sizeof rows / sizeof *rows };

/* What each option should be: a number, or the text of the last good assignment. */
static struct {
    int64_t number;
    const char *text;
} expected[ROWS];

/* -1: it is none of them. */
static int choice_of(const char *choices, const char *value)
{
    char copy[256], *rest = copy, *one;
    strcpy(copy, choices);
    for (int i = 0; (one = strsep(&rest, "|")); i++)
        if (strcmp(one, value) == 0)
            return i;
    return -1;
}

/* -1: it is none, or too large. */
static int64_t number_of(const char *value, int64_t maximum)
{
    size_t digits = strspn(value, "0123456789"), zeros = strspn(value, "0");
    if (!digits || value[digits] || digits - zeros > 18)
        return -1;
    int64_t number = strtoll(value, NULL, 10);
    return number <= maximum ? number : -1;
}

static int assign(int i, const char *value)
{
    int64_t number = -1;
    switch (rows[i].type) {
    case CHOICE: number = choice_of(rows[i].choices, value); break;
    case NUMBER: number = number_of(value, rows[i].maximum); break;
    case MS:
        number = number_of(value, rows[i].maximum);
        number = strcmp(value, "inf") == 0 ? OPTION_FOREVER : number < 0 ? -1 : number * 1000;
        break;
    case TEXT:
        if (!*value || strlen(value) >= OPTION_TEXT_SIZE)
            return 0;
        expected[i].text = value;
        return 1;
    }
    if (number >= 0)
        expected[i].number = number;
    return number >= 0;
}

static int is_good(char *assignment)
{
    char *value = strchr(assignment, '=');
    if (value)
        *value++ = 0;
    for (int i = 0; i < ROWS; i++)
        if (strcmp(rows[i].name, assignment) == 0)
            return assign(i, value ? value : "");
    return 0;
}

static void compare(const char *text)
{
    for (int i = 0; i < ROWS; i++) {
        const void *value = (const char *)&options + rows[i].offset;
        if (rows[i].type == TEXT)
            REQUIRE(strcmp(value, expected[i].text) == 0, "%s in '%s'", rows[i].name, text);
        else if (rows[i].type == CHOICE)
            REQUIRE(*(const int *)value == expected[i].number, "%s in '%s'", rows[i].name, text);
        else
            REQUIRE(*(const int64_t *)value == expected[i].number, "%s in '%s'", rows[i].name, text);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_string(data, size), *copy = strdup(text), *rest = copy, *one;
    int bad = 0;
    for (int i = 0; i < ROWS; i++) {
        expected[i].number = rows[i].type == MS ? rows[i].preset * 1000 : rows[i].preset;
        expected[i].text = rows[i].preset_text;
    }
    while ((one = strsep(&rest, ":")))
        bad += *one && !is_good(one);
    fuzz_listen();
    options_parse(text);
    int said = fuzz_lines();
    REQUIRE(said == bad, "%d lines for %d bad ones in '%s'", said, bad, text);
    compare(text);
    free(copy);
    free(text);
    return 0;
}
