#include "base/suppress.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/options.h"

static void rules(const char *text)
{
    char path[] = "/tmp/suppress-XXXXXX";
    int fd = mkstemp(path);
    cr_assert_geq(fd, 0);
    cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    strcpy(options.suppressions, path);
    suppress_start();
    unlink(path);
}

/* Of a finding one of whose places is this. */
static int matches(const char *place)
{
    struct finding_places places = {{""}, {""}, {""}, {""}};
    strcpy(places.taken.text, place);
    return suppress_matches(&places);
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
