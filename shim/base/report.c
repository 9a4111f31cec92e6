#include "report.h"

#include <string.h>

#include "options.h"
#include "say.h"
#include "sys.h"

struct report report;

void report_rest(int64_t us, int given_up)
{
    report_count(&report.forks, 1);
    report_count(&report.rest_us, us);
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
        say_to(fd, "  came to rest in ", say_number(report.rest_us / forks), " us on average, ",
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
