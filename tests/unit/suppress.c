#include "base/suppress.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/options.h"

static void rules_of(const char *text, size_t size)
{
    char path[] = "/tmp/suppress-XXXXXX";
    int fd = mkstemp(path);
    cr_assert_geq(fd, 0);
    cr_assert_eq(write(fd, text, size), (ssize_t)size);
    close(fd);
    strcpy(options.suppressions, path);
    suppress_start();
    unlink(path);
}

static void rules(const char *text) { rules_of(text, strlen(text)); }

/* Of a finding one of whose places is this. */
static int matches(const char *place)
{
    struct finding_places places = {{""}, {""}, {""}, {""}};
    strcpy(places.taken.text, place);
    return suppress_matches(&places);
}

static void expect_said(const char *part)
{
    char said[256] = "";
    cr_assert_gt(fread(said, 1, sizeof said - 1, cr_get_redirected_stderr()), 0u);
    cr_expect(strstr(said, part), "%s", said);
}

Test(suppress, whole_names, .timeout = 10)
{
    rules("library:libfoo.so.1\nsymbol:take_it\n");
    cr_expect(matches("libfoo.so.1+0x12"));
    cr_expect(matches("program+0x12 (take_it)"));
    cr_expect_not(matches("libfoo.so.12+0x12"));
    cr_expect_not(matches("xlibfoo.so.1+0x12"));
    cr_expect_not(matches("program+0x12 (take_it_all)"));
    cr_expect_not(matches("take_it+0x12 (libfoo.so.1)"));
    cr_expect_not(matches(""));
}

Test(suppress, stars, .timeout = 10)
{
    rules("symbol:a*b*c\nlibrary:lib*.so*");
    cr_expect(matches("p+0x1 (abc)"));
    cr_expect(matches("p+0x1 (aXXbYbYc)"));
    cr_expect_not(matches("p+0x1 (abcd)"));
    cr_expect_not(matches("p+0x1 (ac)"));
    cr_expect(matches("lib.so+0x1"));
    cr_expect(matches("libz.so.1.2+0x1 (f)"));
    cr_expect_not(matches("libz+0x1 (f)"));
}

/* Each star tried with each length is more than a life of the universe. */
Test(suppress, many_stars_are_quick, .timeout = 10)
{
    rules("symbol:*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b\n");
    char place[sizeof ((struct place_text *)0)->text] = "p+0x1 (";
    cr_expect_not(matches(strncat(place, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                                         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa)",
                                  sizeof place - strlen(place) - 1)));
}

/* The rule that the room cuts in two would match more than it says. */
Test(suppress, too_large_a_file_is_said, .timeout = 10)
{
    static char text[100000];
    cr_redirect_stderr();
    memset(text, '#', sizeof text);
    memcpy(text, "symbol:f\n", 9);
    memcpy(text + 65520, "\nsymbol:g*********", 18);
    rules_of(text, sizeof text);
    cr_expect(matches("p+0x1 (f)"));
    cr_expect_not(matches("p+0x1 (g)"));
    expect_said("only the first 65521 bytes are read of");
}

Test(suppress, behind_a_zero_nothing_is_read, .timeout = 10)
{
    static const char text[] = "symbol:f\nsymbol:g\0x\nsymbol:h\n";
    cr_redirect_stderr();
    rules_of(text, sizeof text - 1);
    cr_expect(matches("p+0x1 (f)"));
    cr_expect_not(matches("p+0x1 (g)"));
    cr_expect_not(matches("p+0x1 (h)"));
    expect_said("only the first 9 bytes are read of");
}

Test(suppress, a_kind_without_a_pattern_is_no_rule, .timeout = 10)
{
    cr_redirect_stderr();
    rules("symbol:\n");
    fflush(stderr);
    cr_assert_stderr_eq_str("holdstill: suppressions: neither library: nor symbol: 'symbol:'\n");
}

Test(suppress, comments_and_blanks, .timeout = 10)
{
    rules("# library:program\n\nsymbol:f  # of no importance\r\n");
    cr_expect(matches("p+0x1 (f)"));
    cr_expect_not(matches("program+0x1 (g)"));
}

Test(suppress, no_rules, .timeout = 10)
{
    strcpy(options.suppressions, "none");
    suppress_start();
    cr_expect_not(matches("program+0x1 (f)"));
}
