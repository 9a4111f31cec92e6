/* Doors: threads. */
#include "base/export.h"
#include "base/libc.h"
#include "core/lifecycle.h"
#include "core/operate.h"
#include "runtimes/python.h"

#define SITE __builtin_return_address(0)

EXPORT int pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*start)(void *), void *argument)
{
    python_visit();
    return thread_create(thread, attributes, start, argument);
}

EXPORT int thrd_create(thrd_t *thread, thrd_start_t start, void *argument)
{
    return thread_create_c11(thread, start, argument);
}

EXPORT void pthread_exit(void *result)
{
    python_thread_exits(SITE);
    thread_ends(result);
    libc.pthread_exit(result);
    __builtin_unreachable();
}

/* Its first call installs a signal handler, notes that it did, and loads the unwinder. */
EXPORT int pthread_cancel(pthread_t thread)
{
    BUSY(libc.pthread_cancel);
    return thread_cancel(thread);
}

EXPORT int pthread_kill(pthread_t thread, int signal)
{
    return thread_kill(thread, signal);
}

EXPORT int pthread_detach(pthread_t thread)
{
    return thread_detach(thread);
}

EXPORT int thrd_detach(thrd_t thread)
{
    return thread_detach(thread) == 0 ? thrd_success : thrd_error;
}

EXPORT int pthread_join(pthread_t thread, void **result)
{
    return thread_join(thread, result, &(struct joining){JOIN, 0, NULL, SITE});
}

EXPORT int pthread_tryjoin_np(pthread_t thread, void **result)
{
    return thread_join(thread, result, &(struct joining){JOIN_TRY, 0, NULL, SITE});
}

EXPORT int pthread_timedjoin_np(pthread_t thread, void **result, const struct timespec *time)
{
    return thread_join(thread, result, &(struct joining){JOIN_TIMED, 0, time, SITE});
}

EXPORT int pthread_clockjoin_np(pthread_t thread, void **result, clockid_t clock,
                                const struct timespec *time)
{
    return thread_join(thread, result, &(struct joining){JOIN_CLOCK, clock, time, SITE});
}

EXPORT int thrd_join(thrd_t thread, int *result)
{
    return thread_join_c11(thread, result, SITE);
}
