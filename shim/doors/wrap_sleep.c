/* Doors: sleeping, and waiting for signals and child processes: cancellation points. */
#include "base/export.h"
#include "base/libc.h"
#include "core/wait.h"

EXPORT int nanosleep(const struct timespec *time, struct timespec *left)
{
    WAITING(WAIT_SLEEP);
    return libc.nanosleep(time, left);
}

EXPORT int clock_nanosleep(clockid_t clock, int flags, const struct timespec *time,
                           struct timespec *left)
{
    WAITING(WAIT_SLEEP);
    return libc.clock_nanosleep(clock, flags, time, left);
}

EXPORT int usleep(useconds_t us)
{
    WAITING(WAIT_SLEEP);
    return libc.usleep(us);
}

EXPORT unsigned sleep(unsigned seconds)
{
    WAITING(WAIT_SLEEP);
    return libc.sleep(seconds);
}

EXPORT int thrd_sleep(const struct timespec *time, struct timespec *left)
{
    WAITING(WAIT_SLEEP);
    return libc.thrd_sleep(time, left);
}

EXPORT int pause(void)
{
    WAITING(WAIT_UNTIMED);
    return libc.pause();
}

EXPORT int sigsuspend(const sigset_t *mask)
{
    WAITING(WAIT_UNTIMED);
    return libc.sigsuspend(mask);
}

EXPORT int sigwait(const sigset_t *set, int *signal)
{
    WAITING(WAIT_UNTIMED);
    return WAITED(libc.sigwait(set, signal), == 0);
}

EXPORT int sigwaitinfo(const sigset_t *set, siginfo_t *info)
{
    WAITING(WAIT_UNTIMED);
    return WAITED(libc.sigwaitinfo(set, info), > 0);
}

EXPORT int sigtimedwait(const sigset_t *set, siginfo_t *info, const struct timespec *time)
{
    WAITING(time ? WAIT_TIMED : WAIT_UNTIMED);
    return WAITED(libc.sigtimedwait(set, info, time), > 0);
}

EXPORT pid_t wait(int *status)
{
    WAITING(WAIT_UNTIMED);
    return WAITED(libc.wait(status), > 0);
}

EXPORT pid_t waitpid(pid_t pid, int *status, int options)
{
    WAITING(options & WNOHANG ? WAIT_NONE : WAIT_UNTIMED);
    return WAITED(libc.waitpid(pid, status, options), > 0);
}

EXPORT int waitid(idtype_t type, id_t id, siginfo_t *info, int options)
{
    WAITING(options & WNOHANG ? WAIT_NONE : WAIT_UNTIMED);
    return WAITED(libc.waitid(type, id, info, options), == 0);
}

EXPORT pid_t wait3(int *status, int options, struct rusage *usage)
{
    WAITING(options & WNOHANG ? WAIT_NONE : WAIT_UNTIMED);
    return WAITED(libc.wait3(status, options, usage), > 0);
}

EXPORT pid_t wait4(pid_t pid, int *status, int options, struct rusage *usage)
{
    WAITING(options & WNOHANG ? WAIT_NONE : WAIT_UNTIMED);
    return WAITED(libc.wait4(pid, status, options, usage), > 0);
}
