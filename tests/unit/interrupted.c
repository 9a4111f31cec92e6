#include "base/interrupted.h"

#include <signal.h>

#include "support.h"

#if defined(__x86_64__)

static volatile int found;

static void handle(int signal)
{
    (void)signal;
    found = interrupted();
}

Test(interrupted, only_in_a_handler, .timeout = 10)
{
    sigset_t signals;
    awake();
    interrupted_prepare();
    cr_assert_not(interrupted());
    sigemptyset(&signals);
    sigaddset(&signals, SIGUSR2);
    cr_assert_eq(sigprocmask(SIG_BLOCK, &signals, NULL), 0);
    cr_assert_not(interrupted(), "a blocked signal alone is no handler");
    signal(SIGUSR1, handle);
    raise(SIGUSR1);
    cr_assert(found);
    cr_assert_not(interrupted(), "it is over");
}

#endif
