#include "signals.h"

#include <stdint.h>
#include <string.h>

#include "sys.h"

enum { LOWEST = 35, HIGHEST = 64 }; /* libc uses those below itself */

int signals_take(void (*handler)(int, siginfo_t *, void *))
{
    for (int number = HIGHEST; number >= LOWEST; number--) {
        struct sigaction action;
        if (sigaction(number, NULL, &action) != 0 || action.sa_handler != SIG_DFL)
            continue;
        memset(&action, 0, sizeof action);
        action.sa_sigaction = handler;
        action.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
        if (sigaction(number, &action, NULL) == 0)
            return number;
    }
    return 0;
}

_Noreturn void signals_end(int by_abort, int status)
{
    if (by_abort) {
        const struct { void *handler; unsigned long flags; void *restorer; uint64_t mask; } preset = {0};
        sys_call(SYS_rt_sigaction, SIGABRT, (long)&preset, 0, sizeof preset.mask, 0, 0);
        signals_unblock(SIGABRT);
        sys_call(SYS_tgkill, sys_getpid(), sys_gettid(), SIGABRT, 0, 0, 0);
    }
    for (;;)
        sys_call(SYS_exit_group, status, 0, 0, 0, 0, 0);
}

void signals_unblock(int number)
{
    uint64_t mask = (uint64_t)1 << (number - 1);
    sys_call(SYS_rt_sigprocmask, SIG_UNBLOCK, (long)&mask, 0, sizeof mask, 0, 0);
}
