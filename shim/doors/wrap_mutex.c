/* Doors: mutexes, POSIX's and C11's, which are the same objects. */
#include "base/c11.h"
#include "base/export.h"
#include "core/fast.h"

#define SITE __builtin_return_address(0)

EXPORT int pthread_mutex_lock(pthread_mutex_t *m)
{
    return mutex_lock(m, METHOD_LOCK, SITE);
}

EXPORT int pthread_mutex_trylock(pthread_mutex_t *m)
{
    return mutex_lock(m, METHOD_TRY, SITE);
}

EXPORT int pthread_mutex_timedlock(pthread_mutex_t *m, const struct timespec *time)
{
    return ACQUIRE(m, KIND_MUTEX, METHOD_TIMED, 0, time);
}

EXPORT int pthread_mutex_clocklock(pthread_mutex_t *m, clockid_t clock,
                                   const struct timespec *time)
{
    return ACQUIRE(m, KIND_MUTEX, METHOD_CLOCK, clock, time);
}

EXPORT int pthread_mutex_unlock(pthread_mutex_t *m)
{
    return mutex_unlock(m);
}

EXPORT int pthread_mutex_init(pthread_mutex_t *m, const pthread_mutexattr_t *attributes)
{
    record_self();
    held_drop(m);
    return libc.pthread_mutex_init(m, attributes);
}

EXPORT int pthread_mutex_destroy(pthread_mutex_t *m)
{
    record_self();
    int result = libc.pthread_mutex_destroy(m);
    if (result == 0)
        held_drop(m);
    return result;
}

EXPORT int mtx_lock(mtx_t *m)
{
    return c11_result(mutex_lock((pthread_mutex_t *)m, METHOD_LOCK, SITE));
}

EXPORT int mtx_trylock(mtx_t *m)
{
    return c11_result(mutex_lock((pthread_mutex_t *)m, METHOD_TRY, SITE));
}

EXPORT int mtx_timedlock(mtx_t *restrict m, const struct timespec *restrict time)
{
    return c11_result(ACQUIRE(m, KIND_MUTEX, METHOD_TIMED, 0, time));
}

EXPORT int mtx_unlock(mtx_t *m)
{
    return c11_result(mutex_unlock((pthread_mutex_t *)m));
}

EXPORT int mtx_init(mtx_t *m, int type)
{
    record_self();
    held_drop(m);
    return libc.mtx_init(m, type);
}

EXPORT void mtx_destroy(mtx_t *m)
{
    record_self();
    held_drop(m);
    libc.mtx_destroy(m);
}
