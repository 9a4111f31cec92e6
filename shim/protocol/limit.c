#include "limit.h"

#include <string.h>

#include "base/options.h"
#include "base/place.h"
#include "base/report.h"
#include "base/say.h"
#include "base/signals.h"
#include "base/sys.h"
#include "exit.h"

/* Written by the exiting thread alone, and read by its signal handler. */
static struct {
    int signal; /* 0: not tried yet, -1: there is none */
    int timer;  /* the kernel's */
    const void *volatile handler;
    volatile int status;
} limit;

static void over(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)context;
    if (info->si_code != SI_TIMER)
        return;
    int saved_errno = errno;
    const void *handler = limit.handler;
    report_count(&report.handlers_over, 1);
    if (handler)
        say("exit handler ", place_describe(handler).text, " takes longer than ",
            say_number(options.handler_limit_ms / 1000), " ms");
    else
        say("after the exit handlers: libc or a library's destructor takes longer than ",
            say_number(options.handler_limit_ms / 1000), " ms");
    if (options.handler_over == HANDLER_OVER_LEAVE)
        exit_leave(limit.status);
    errno = saved_errno;
}

static int set_up(void)
{
    struct sigevent event;
    limit.signal = signals_take(over);
    if (!limit.signal)
        return 0;
    signals_unblock(limit.signal);
    memset(&event, 0, sizeof event);
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = limit.signal;
    event._sigev_un._tid = sys_gettid();
    return sys_call(SYS_timer_create, CLOCK_MONOTONIC, (long)&event, (long)&limit.timer, 0, 0, 0) == 0;
}

void limit_begin(const void *handler, int status)
{
    if (options.handler_limit_ms == 0 || limit.signal < 0)
        return;
    if (limit.signal == 0 && !set_up()) {
        limit.signal = -1;
        say("handler_limit_ms: no signal or timer is left for it");
        return;
    }
    limit.handler = handler;
    limit.status = status;
    int64_t us = options.handler_limit_ms;
    struct itimerspec at = {{0, 0}, {us / 1000000, us % 1000000 * 1000}};
    sys_call(SYS_timer_settime, limit.timer, 0, (long)&at, 0, 0, 0);
}
