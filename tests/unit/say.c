#include "base/say.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <errno.h>
#include <string.h>

Test(say, pieces, .timeout = 10, .init = cr_redirect_stderr)
{
    say("a=", say_number(-12), " b=", say_number(0), say_text("xyz", 2));
    cr_assert_stderr_eq_str("holdstill: a=-12 b=0xy\n");
}

Test(say, smallest_number, .timeout = 10, .init = cr_redirect_stderr)
{
    say(say_number(INT64_MIN));
    cr_assert_stderr_eq_str("holdstill: -9223372036854775808\n");
}

Test(say, control_bytes_are_masked, .timeout = 10, .init = cr_redirect_stderr)
{
    say("a\nb\033[1m");
    cr_assert_stderr_eq_str("holdstill: a?b?[1m\n");
}

Test(say, a_long_line_is_cut, .timeout = 10, .init = cr_redirect_stderr)
{
    char text[2000], expected[600] = "holdstill: ";
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = 0;
    say(text);
    memset(expected + 11, 'x', 500);
    expected[511] = '\n';
    expected[512] = 0;
    cr_assert_stderr_eq_str(expected);
}

Test(say, keeps_errno, .timeout = 10)
{
    errno = 77;
    say_to(-1, "nowhere");
    cr_assert_eq(errno, 77);
}
