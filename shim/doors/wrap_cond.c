/* Doors: condition variables, POSIX's and C11's. */
#include "base/c11.h"
#include "base/export.h"
#include "core/acquire.h"

#define WAIT_CONDITION(condition, mutex, method, clock, time)                                   \
    wait_condition((pthread_cond_t *)(condition), (pthread_mutex_t *)(mutex),                   \
                   &(const struct taking){NULL, KIND_CONDITION, (method), (clock), (time),      \
                                          __builtin_return_address(0)})

EXPORT int pthread_cond_wait(pthread_cond_t *c, pthread_mutex_t *m)
{
    return WAIT_CONDITION(c, m, METHOD_LOCK, 0, NULL);
}

EXPORT int pthread_cond_timedwait(pthread_cond_t *c, pthread_mutex_t *m,
                                  const struct timespec *time)
{
    return WAIT_CONDITION(c, m, METHOD_TIMED, 0, time);
}

EXPORT int pthread_cond_clockwait(pthread_cond_t *c, pthread_mutex_t *m, clockid_t clock,
                                  const struct timespec *time)
{
    return WAIT_CONDITION(c, m, METHOD_CLOCK, clock, time);
}

EXPORT int pthread_cond_signal(pthread_cond_t *c)
{
    return operate_condition(c, &libc.pthread_cond_signal, __builtin_return_address(0));
}

EXPORT int pthread_cond_broadcast(pthread_cond_t *c)
{
    return operate_condition(c, &libc.pthread_cond_broadcast, __builtin_return_address(0));
}

EXPORT int cnd_wait(cnd_t *c, mtx_t *m)
{
    return c11_result(WAIT_CONDITION(c, m, METHOD_LOCK, 0, NULL));
}

EXPORT int cnd_timedwait(cnd_t *restrict c, mtx_t *restrict m,
                         const struct timespec *restrict time)
{
    return c11_result(WAIT_CONDITION(c, m, METHOD_TIMED, 0, time));
}

EXPORT int cnd_signal(cnd_t *c)
{
    return c11_result(operate_condition((pthread_cond_t *)c, &libc.pthread_cond_signal, __builtin_return_address(0)));
}

EXPORT int cnd_broadcast(cnd_t *c)
{
    return c11_result(operate_condition((pthread_cond_t *)c, &libc.pthread_cond_broadcast, __builtin_return_address(0)));
}
