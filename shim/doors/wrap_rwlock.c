/* Doors: read-write locks. */
#include "base/export.h"
#include "core/fast.h"

EXPORT int pthread_rwlock_rdlock(pthread_rwlock_t *lock)
{
    return rwlock_read(lock, METHOD_LOCK, __builtin_return_address(0));
}

EXPORT int pthread_rwlock_tryrdlock(pthread_rwlock_t *lock)
{
    return rwlock_read(lock, METHOD_TRY, __builtin_return_address(0));
}

EXPORT int pthread_rwlock_timedrdlock(pthread_rwlock_t *lock, const struct timespec *time)
{
    return ACQUIRE(lock, KIND_READ, METHOD_TIMED, 0, time);
}

EXPORT int pthread_rwlock_clockrdlock(pthread_rwlock_t *lock, clockid_t clock,
                                      const struct timespec *time)
{
    return ACQUIRE(lock, KIND_READ, METHOD_CLOCK, clock, time);
}

EXPORT int pthread_rwlock_wrlock(pthread_rwlock_t *lock)
{
    return rwlock_write(lock, METHOD_LOCK, __builtin_return_address(0));
}

EXPORT int pthread_rwlock_trywrlock(pthread_rwlock_t *lock)
{
    return rwlock_write(lock, METHOD_TRY, __builtin_return_address(0));
}

EXPORT int pthread_rwlock_timedwrlock(pthread_rwlock_t *lock, const struct timespec *time)
{
    return ACQUIRE(lock, KIND_WRITE, METHOD_TIMED, 0, time);
}

EXPORT int pthread_rwlock_clockwrlock(pthread_rwlock_t *lock, clockid_t clock,
                                      const struct timespec *time)
{
    return ACQUIRE(lock, KIND_WRITE, METHOD_CLOCK, clock, time);
}

EXPORT int pthread_rwlock_unlock(pthread_rwlock_t *lock)
{
    return rwlock_unlock(lock);
}

EXPORT int pthread_rwlock_init(pthread_rwlock_t *lock, const pthread_rwlockattr_t *attributes)
{
    record_self();
    held_drop(lock);
    return libc.pthread_rwlock_init(lock, attributes);
}

EXPORT int pthread_rwlock_destroy(pthread_rwlock_t *lock)
{
    record_self();
    held_drop(lock);
    return libc.pthread_rwlock_destroy(lock);
}
