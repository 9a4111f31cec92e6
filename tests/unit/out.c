#include "base/out.h"

#include <criterion/criterion.h>
#include <limits.h>
#include <string.h>

static char text[64];

static struct out room(size_t size)
{
    memset(text, 0, sizeof text);
    return (struct out){text, 0, size};
}

static const char *string(const char *in)
{
    struct out o = room(sizeof text - 1);
    out_string(&o, in);
    return text;
}

Test(out, numbers, .timeout = 10)
{
    static const struct {
        int64_t number;
        const char *text;
    } cases[] = {{0, "0"}, {-7, "-7"}, {INT64_MAX, "9223372036854775807"}, {INT64_MIN, "-9223372036854775808"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct out o = room(sizeof text - 1);
        out_number(&o, cases[i].number);
        cr_expect_str_eq(text, cases[i].text);
    }
}

Test(out, what_does_not_fit_is_left_out, .timeout = 10)
{
    struct out o = room(4);
    out_text(&o, "abc");
    out_text(&o, "def");
    out_number(&o, 1);
    cr_assert_eq(o.used, 4);
    cr_assert_str_eq(text, "abcd");
}

Test(out, strings_are_json, .timeout = 10)
{
    cr_expect_str_eq(string(""), "\"\"");
    cr_expect_str_eq(string("a\"b\\c"), "\"a\\\"b\\\\c\"");
    cr_expect_str_eq(string("a\nb\x7f"), "\"a?b?\"");
    cr_expect_str_eq(string("\xc3\xa9 \xe2\x82\xac \xf0\x9f\x94\x92"), "\"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x94\x92\"");
}

/* Cut short, too long a form, surrogates, beyond the last character. */
Test(out, what_is_not_utf8_is_replaced, .timeout = 10)
{
    cr_expect_str_eq(string("\xc3"), "\"?\"");
    cr_expect_str_eq(string("\xe2\x82"), "\"??\"");
    cr_expect_str_eq(string("\xc0\xaf"), "\"??\"");
    cr_expect_str_eq(string("\xe0\x80\xaf"), "\"???\"");
    cr_expect_str_eq(string("\xed\xa0\x80"), "\"???\"");
    cr_expect_str_eq(string("\xf4\x90\x80\x80"), "\"????\"");
    cr_expect_str_eq(string("\xff"), "\"?\"");
}
