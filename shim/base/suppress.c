#include "suppress.h"

#include <string.h>

#include "options.h"
#include "say.h"
#include "sys.h"

enum { LARGEST = 64 * 1024 };

static const char *rules; /* of the file, ended by a zero; NULL: none */

/* A piece of text; it is not terminated. */
struct span {
    const char *start;
    size_t size;
};

static int matches(struct span pattern, struct span text)
{
    while (pattern.size && *pattern.start != '*') {
        if (!text.size || *pattern.start != *text.start)
            return 0;
        pattern.start++, pattern.size--, text.start++, text.size--;
    }
    if (!pattern.size)
        return !text.size;
    struct span rest = {pattern.start + 1, pattern.size - 1};
    for (;; text.start++, text.size--) {
        if (matches(rest, text))
            return 1;
        if (!text.size)
            return 0;
    }
}

/* The two parts of "object+0x123 (symbol)". */
static struct span object_of(const struct place_text *place)
{
    return (struct span){place->text, strcspn(place->text, "+")};
}

static struct span symbol_of(const struct place_text *place)
{
    const char *begin = strchr(place->text, '(');
    return begin ? (struct span){begin + 1, strcspn(begin + 1, ")")} : (struct span){"", 0};
}

static int rule_matches(struct span rule, const struct place_text *place)
{
    static const char library[] = "library:", symbol[] = "symbol:";
    size_t library_size = sizeof library - 1, symbol_size = sizeof symbol - 1;
    if (!place->text[0])
        return 0;
    if (rule.size > library_size && strncmp(rule.start, library, library_size) == 0)
        return matches((struct span){rule.start + library_size, rule.size - library_size},
                       object_of(place));
    if (rule.size > symbol_size && strncmp(rule.start, symbol, symbol_size) == 0)
        return matches((struct span){rule.start + symbol_size, rule.size - symbol_size},
                       symbol_of(place));
    return 0;
}

/* The next line, without its comment and the blanks at its end. */
static struct span next_rule(const char **at)
{
    size_t line = strcspn(*at, "\n"), size = strcspn(*at, "#\n");
    struct span rule = {*at, size};
    while (rule.size && strchr(" \t\r", rule.start[rule.size - 1]))
        rule.size--;
    *at += line + ((*at)[line] == '\n');
    return rule;
}

int suppress_matches(const struct finding_places *places)
{
    for (const char *at = rules; at && *at;) {
        struct span rule = next_rule(&at);
        if (rule_matches(rule, &places->object) || rule_matches(rule, &places->start) ||
            rule_matches(rule, &places->taken) || rule_matches(rule, &places->at))
            return 1;
    }
    return 0;
}

/* Lines that say nothing we know. */
static void check(void)
{
    for (const char *at = rules; *at;) {
        struct span rule = next_rule(&at);
        if (rule.size && strncmp(rule.start, "library:", 8) != 0 &&
            strncmp(rule.start, "symbol:", 7) != 0)
            say("suppressions: neither library: nor symbol: '", say_text(rule.start, rule.size), "'");
    }
}

void suppress_start(void)
{
    if (strcmp(options.suppressions, "none") == 0)
        return;
    long fd = sys_open(options.suppressions, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
    char *text = fd < 0 ? NULL : sys_pages(LARGEST);
    long size = 0, more;
    while (text && (more = sys_read((int)fd, text + size, (size_t)(LARGEST - 1 - size))) > 0)
        size += more;
    if (fd >= 0)
        sys_close((int)fd);
    if (!text || size == 0) {
        say("can't read suppressions from ", say_string(options.suppressions));
        return;
    }
    rules = text;
    check();
}
