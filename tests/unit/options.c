#include "base/options.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>

static void parse(const char *text)
{
    cr_redirect_stderr();
    options_parse(text);
}

Test(options, defaults, .timeout = 10)
{
    parse(NULL);
    cr_assert_eq(options.mode, MODE_ACT);
    cr_assert_eq(options.fork_wait_ms, 50000);
    cr_assert_eq(options.stall_ms, 200000);
    cr_assert_str_eq(options.report, "no");
}

Test(options, values_are_kept_in_microseconds, .timeout = 10)
{
    parse("fork_wait_ms=7:mode=off:report=/tmp/x:exit_join_ms=inf");
    cr_assert_eq(options.fork_wait_ms, 7000);
    cr_assert_eq(options.mode, MODE_OFF);
    cr_assert_str_eq(options.report, "/tmp/x");
    cr_assert_eq(options.exit_join_ms, OPTION_FOREVER);
    fflush(stderr);
    cr_assert_stderr_eq_str("");
}

Test(options, the_last_one_wins, .timeout = 10)
{
    parse("grace_ms=1:grace_ms=2::");
    cr_assert_eq(options.grace_ms, 2000);
}

Test(options, unknown_is_one_line, .timeout = 10)
{
    parse("frok_wait_ms=7:grace_ms=3");
    cr_assert_eq(options.grace_ms, 3000);
    cr_assert_stderr_eq_str(
        "holdstill: unknown option 'frok_wait_ms' in HOLDSTILL_OPTIONS is ignored\n");
}

Test(options, malformed_keeps_the_default, .timeout = 10)
{
    parse("grace_ms=3x");
    cr_assert_eq(options.grace_ms, 10000);
    cr_assert_stderr_eq_str(
        "holdstill: option grace_ms: bad value '3x', the default is used\n");
}

Test(options, refuses, .timeout = 10)
{
    parse("grace_ms=:grace_ms=-1:grace_ms=99999999999999999999:grace_ms=60001:mode=on:mode:report=");
    cr_assert_eq(options.grace_ms, 10000);
    cr_assert_eq(options.mode, MODE_ACT);
    cr_assert_str_eq(options.report, "no");
}

Test(options, privileged_or_not_the_environment_is_searched, .timeout = 10)
{
    char *environment[] = {"HOLDSTILL_OPTION=x", "HOLDSTILL_OPTIONS=stall_ms=5", NULL};
    options_read(environment);
    cr_assert_eq(options.stall_ms, 5000);
}
