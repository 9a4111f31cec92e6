#include "report.h"

#include <string.h>

#include "options.h"
#include "say.h"
#include "sys.h"

struct report report;

/* Ranks of times: STEPS for each power of two. The ones below STEPS are exact. */
enum { STEPS = 8 };

static int rank_of(int64_t us)
{
    int shift = us < STEPS ? 0 : 60 - __builtin_clzll((uint64_t)us);
    int rank = STEPS * shift + (int)(us >> shift);
    return rank < REST_RANKS ? rank : REST_RANKS - 1;
}

static int64_t longest_of(int rank)
{
    int shift = rank < STEPS ? 0 : rank / STEPS - 1;
    return ((rank - STEPS * shift + (int64_t)1) << shift) - 1;
}

int64_t report_median_rest_us(void)
{
    int64_t below = 0;
    int rank = 0;
    while (rank < REST_RANKS - 1 && (below += report.rest[rank]) * 2 < report.forks)
        rank++;
    return longest_of(rank);
}

void report_rest(int64_t us, int given_up)
{
    report_count(&report.forks, 1);
    atomic_fetch_add_explicit(&report.rest[rank_of(us)], 1, memory_order_relaxed);
    report_count(&report.threads_given_up, given_up);
    report_count(&report.forks_not_still, given_up != 0);
    if (us > report.worst_rest_us)
        report.worst_rest_us = us;
}

void report_reset(void)
{
    int64_t missing = report.missing;
    memset(&report, 0, sizeof report);
    report.missing = missing;
}

static void lines(int fd)
{
    int64_t forks = report.forks;
    say_to(fd, "process ", say_number(sys_getpid()), ": ", say_number(forks), " forks");
    if (forks)
        say_to(fd, "  came to rest in ", say_number(report_median_rest_us()), " us (median), ",
               say_number(report.worst_rest_us), " us at worst; ",
               say_number(report.forks_not_still), " forks did not wait for all threads");
    if (report.mended)
        say_to(fd, "  locks of vanished threads mended in this child: ",
               say_number(report.mended));
    say_to(fd, "  exit: waited ", say_number(report.joined_us), " us for joinable threads; ",
           say_number(report.handlers), " handlers; ", say_number(report.exit_not_still),
           " threads not still");
    if (report.stalls)
        say_to(fd, "  exit: the handlers made no progress, and the gate was opened");
    if (report.streams_cut)
        say_to(fd, "  exit: streams that nobody reads, with a thread inside: ",
               say_number(report.streams_cut), ", unwritten");
    if (report.adapters_failed)
        say_to(fd, "  the adapter for CPython could not be installed");
    if (report.missing)
        say_to(fd, "  names that this libc doesn't have: ", say_number(report.missing));
}

void report_write(void)
{
    if (strcmp(options.report, "no") == 0)
        return;
    if (strcmp(options.report, "yes") == 0) {
        lines(2);
        return;
    }
    long fd = sys_open(options.report, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0666);
    if (fd < 0) {
        say("can't write the report to ", say_string(options.report));
        return;
    }
    lines((int)fd);
    sys_close((int)fd);
}
