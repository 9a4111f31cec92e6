/* Doors: barriers. */
#include "base/export.h"
#include "core/operate.h"

EXPORT int pthread_barrier_init(pthread_barrier_t *barrier,
                                const pthread_barrierattr_t *attributes, unsigned count)
{
    record_self();
    held_drop(barrier);
    return libc.pthread_barrier_init(barrier, attributes, count);
}

EXPORT int pthread_barrier_destroy(pthread_barrier_t *barrier)
{
    record_self();
    held_drop(barrier);
    return libc.pthread_barrier_destroy(barrier);
}

EXPORT int pthread_barrier_wait(pthread_barrier_t *barrier)
{
    return wait_barrier(barrier, __builtin_return_address(0));
}
