#include "options.h"

#include <stddef.h>
#include <string.h>
#include <sys/auxv.h>

#include "elf.h"
#include "environment.h"
#include "say.h"

struct options options;

/* A piece of the option string; it is not terminated. */
struct text {
    const char *start;
    size_t size;
};

enum type { CHOICE, MS, NUMBER, TEXT };

struct option {
    const char *name;
    enum type type;
    void *value;
    const char *choices;
    int64_t preset, maximum;
    const char *preset_text;
};

/* A choice's default is always its first. */
#define OPTION_CHOICE(name, preset, choices, help) \
    {#name, CHOICE, &options.name, choices, 0, 0, NULL},
#define OPTION_MS(name, preset, maximum, help) \
    {#name, MS, &options.name, NULL, preset, maximum, NULL},
#define OPTION_NUMBER(name, preset, maximum, help) \
    {#name, NUMBER, &options.name, NULL, preset, maximum, NULL},
#define OPTION_TEXT(name, preset, help) {#name, TEXT, options.name, NULL, 0, 0, preset},
static const struct option table[] = {
#include "options.def"
};
#undef OPTION_CHOICE
#undef OPTION_MS
#undef OPTION_NUMBER
#undef OPTION_TEXT

static int same(struct text a, const char *b)
{
    return strlen(b) == a.size && memcmp(a.start, b, a.size) == 0;
}

/* Cuts the part before the first `end` off *rest. */
static struct text cut(struct text *rest, char end)
{
    const char *stop = memchr(rest->start, end, rest->size);
    struct text part = {rest->start, stop ? (size_t)(stop - rest->start) : rest->size};
    size_t used = part.size + (stop != NULL);
    rest->start += used;
    rest->size -= used;
    return part;
}

static int set_choice(const struct option *o, struct text value)
{
    struct text rest = {o->choices, strlen(o->choices)};
    for (int i = 0; rest.size; i++) {
        struct text choice = cut(&rest, '|');
        if (choice.size == value.size && memcmp(choice.start, value.start, value.size) == 0) {
            *(int *)o->value = i;
            return 1;
        }
    }
    return 0;
}

static int set_number(const struct option *o, struct text value, int64_t unit)
{
    int64_t number = 0;
    for (size_t i = 0; i < value.size; i++) {
        if (value.start[i] < '0' || value.start[i] > '9')
            return 0;
        number = number * 10 + (value.start[i] - '0');
        if (number > o->maximum)
            return 0;
    }
    if (value.size)
        *(int64_t *)o->value = number * unit;
    return value.size != 0;
}

static int set_ms(const struct option *o, struct text value)
{
    if (!same(value, "inf"))
        return set_number(o, value, 1000);
    *(int64_t *)o->value = OPTION_FOREVER;
    return 1;
}

static int set_text(const struct option *o, struct text value)
{
    if (value.size == 0 || value.size >= OPTION_TEXT_SIZE)
        return 0;
    memcpy(o->value, value.start, value.size);
    ((char *)o->value)[value.size] = 0;
    return 1;
}

static int set(const struct option *o, struct text value)
{
    switch (o->type) {
    case CHOICE: return set_choice(o, value);
    case MS: return set_ms(o, value);
    case NUMBER: return set_number(o, value, 1);
    default: return set_text(o, value);
    }
}

static void preset(const struct option *o)
{
    switch (o->type) {
    case CHOICE: *(int *)o->value = 0; break;
    case MS: *(int64_t *)o->value = o->preset * 1000; break;
    case NUMBER: *(int64_t *)o->value = o->preset; break;
    case TEXT: strcpy(o->value, o->preset_text); break;
    }
}

static void parse_one(struct text assignment)
{
    struct text value = assignment, name = cut(&value, '=');
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (!same(name, table[i].name))
            continue;
        if (!set(&table[i], value))
            say("option ", say_text(name.start, name.size), ": bad value '",
                say_text(value.start, value.size), "', the default is used");
        return;
    }
    say("unknown option '", say_text(name.start, name.size), "' in HOLDSTILL_OPTIONS is ignored");
}

void options_parse(const char *text)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        preset(&table[i]);
    if (!text)
        return;
    struct text rest = {text, strlen(text)};
    while (rest.size) {
        struct text one = cut(&rest, ':');
        if (one.size)
            parse_one(one);
    }
}

void options_read(char **environment)
{
    options_parse(elf_auxiliary(AT_SECURE) ? NULL
                                           : environment_get(environment, "HOLDSTILL_OPTIONS="));
}
