#include "base/report.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/degraded.h"
#include "base/layout.h"
#include "support.h"

static void begin_anew(void) { memset(&report, 0, sizeof report); }

Test(report, short_times_are_exact, .timeout = 10, .init = begin_anew)
{
    for (int64_t us = 0; us < 8; us++) {
        begin_anew();
        report_rest(us, 0);
        cr_expect_eq(report_median_rest_us(), us);
    }
}

/* Every power of two, and what is next to it. */
Test(report, median_is_at_most_an_eighth_too_large, .timeout = 10)
{
    for (int64_t power = 8; power <= 1 << 23; power *= 2)
        for (int64_t us = power - 1; us <= power + 1; us++) {
            begin_anew();
            report_rest(us, 0);
            cr_expect_geq(report_median_rest_us(), us);
            cr_expect_leq(report_median_rest_us(), us + us / 8, "%lld", (long long)us);
        }
}

Test(report, median_of_many, .timeout = 10, .init = begin_anew)
{
    for (int64_t us = 0; us < 5; us++)
        report_rest(us, 0);
    report_rest(1000000, 1);
    cr_assert_eq(report_median_rest_us(), 2);
    cr_assert_eq(report.worst_rest_us, 1000000);
    cr_assert_eq(report.forks, 6);
    cr_assert_eq(report.forks_not_still, 1);
}

/* Longer than any rank says: the last one. */
Test(report, times_without_end, .timeout = 10, .init = begin_anew)
{
    report_rest(INT64_MAX, 0);
    cr_assert_gt(report_median_rest_us(), 15000000);
    cr_assert_eq(report.worst_rest_us, INT64_MAX);
}

Test(report, what_cannot_be_done_is_named, .timeout = 10)
{
    struct degraded found[DEGRADED];
    awake();
    int before = degraded_find(found);
    cr_assert_leq(before, 1, "nothing but /proc may be missing where tests run");
    layout.condition_wrefs = -1;
    layout.barrier = 0;
    report_count(&report.memory_short, 1);
    cr_assert_eq(degraded_find(found), before + 3);
    cr_assert_str_eq(found[0].name, "conditions");
    cr_assert_str_eq(found[1].name, "barriers");
    cr_assert_str_eq(found[before + 2].name, "no-memory");
}
