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

/* A star that was passed takes one byte more when what follows doesn't fit; an earlier one need not. */
static int matches(struct span pattern, struct span text)
{
    struct span after_star = {NULL, 0}, taken = text;
    while (text.size) {
        if (pattern.size && *pattern.start == '*') {
            after_star = pattern = (struct span){pattern.start + 1, pattern.size - 1};
            taken = text;
        } else if (pattern.size && *pattern.start == *text.start) {
            pattern.start++, pattern.size--, text.start++, text.size--;
        } else if (after_star.start) {
            pattern = after_star;
            text = taken = (struct span){taken.start + 1, taken.size - 1};
        } else {
            return 0;
        }
    }
    while (pattern.size && *pattern.start == '*')
        pattern.start++, pattern.size--;
    return !pattern.size;
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

/* Cuts `kind` off the rule, if it begins so and a pattern follows. */
static int is_rule(struct span *rule, const char *kind)
{
    size_t size = strlen(kind);
    if (rule->size <= size || strncmp(rule->start, kind, size) != 0)
        return 0;
    rule->start += size;
    rule->size -= size;
    return 1;
}

static int rule_matches(struct span rule, const struct place_text *place)
{
    if (!place->text[0])
        return 0;
    if (is_rule(&rule, "library:"))
        return matches(rule, object_of(place));
    return is_rule(&rule, "symbol:") && matches(rule, symbol_of(place));
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

/* What is beyond the room, and what isn't text, is left out: whole lines, so that no rule is half of one. */
static void cut(char *text, size_t size)
{
    if (size < LARGEST && strlen(text) == size)
        return;
    text[LARGEST - 1] = 0;
    char *end = strrchr(text, '\n');
    text[end ? end + 1 - text : 0] = 0;
    say("suppressions: only the first ", say_number((int64_t)strlen(text)), " bytes are read of ",
        say_string(options.suppressions));
}

/* Lines that say nothing we know. */
static void check(void)
{
    for (const char *at = rules; *at;) {
        struct span rule = next_rule(&at);
        if (rule.size && !is_rule(&rule, "library:") && !is_rule(&rule, "symbol:"))
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
    while (text && (more = sys_read((int)fd, text + size, (size_t)(LARGEST - size))) > 0)
        size += more;
    if (fd >= 0)
        sys_close((int)fd);
    if (!text || size == 0) {
        say("can't read suppressions from ", say_string(options.suppressions));
        return;
    }
    cut(text, (size_t)size);
    rules = text;
    check();
}
