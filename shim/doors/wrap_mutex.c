/* Doors: mutexes, POSIX's and C11's, which are the same objects. */
#include "base/c11.h"
#include "base/export.h"
#include "core/acquire.h"

EXPORT int pthread_mutex_lock(pthread_mutex_t *m)
{
    if (LIKELY(mutex_lock_fast(m)))
        return gate_is_open() ? 0 : mutex_gate_closed(m, METHOD_LOCK, __builtin_return_address(0));
    return ACQUIRE(m, KIND_MUTEX, METHOD_LOCK, 0, NULL);
}

EXPORT int pthread_mutex_trylock(pthread_mutex_t *m)
{
    if (LIKELY(mutex_lock_fast(m)))
        return gate_is_open() ? 0 : mutex_gate_closed(m, METHOD_TRY, __builtin_return_address(0));
    return ACQUIRE(m, KIND_MUTEX, METHOD_TRY, 0, NULL);
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
    return LIKELY(mutex_unlock_fast(m)) ? 0 : release_mutex(m);
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
    return c11_result(ACQUIRE(m, KIND_MUTEX, METHOD_LOCK, 0, NULL));
}

EXPORT int mtx_trylock(mtx_t *m)
{
    return c11_result(ACQUIRE(m, KIND_MUTEX, METHOD_TRY, 0, NULL));
}

EXPORT int mtx_timedlock(mtx_t *restrict m, const struct timespec *restrict time)
{
    return c11_result(ACQUIRE(m, KIND_MUTEX, METHOD_TIMED, 0, time));
}

EXPORT int mtx_unlock(mtx_t *m)
{
    return c11_result(release_mutex((pthread_mutex_t *)m));
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
