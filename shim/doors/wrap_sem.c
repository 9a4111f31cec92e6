/* Doors: semaphores. */
#include "base/export.h"
#include "core/fast.h"

EXPORT int sem_init(sem_t *s, int shared, unsigned value)
{
    record_self();
    held_drop(s);
    int result = libc.sem_init(s, shared, value);
    if (result == 0)
        semaphore_begin(s, shared, value);
    return result;
}

EXPORT int sem_destroy(sem_t *s)
{
    record_self();
    held_drop(s);
    semaphore_end(s);
    return libc.sem_destroy(s);
}

EXPORT int sem_wait(sem_t *s)
{
    return semaphore_wait(s, METHOD_LOCK, __builtin_return_address(0));
}

EXPORT int sem_trywait(sem_t *s)
{
    return semaphore_wait(s, METHOD_TRY, __builtin_return_address(0));
}

EXPORT int sem_timedwait(sem_t *restrict s, const struct timespec *restrict time)
{
    return ACQUIRE(s, KIND_SEMAPHORE, METHOD_TIMED, 0, time);
}

EXPORT int sem_clockwait(sem_t *restrict s, clockid_t clock, const struct timespec *restrict time)
{
    return ACQUIRE(s, KIND_SEMAPHORE, METHOD_CLOCK, clock, time);
}

EXPORT int sem_post(sem_t *s)
{
    return semaphore_post(s);
}
