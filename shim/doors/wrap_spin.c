/* Doors: spinlocks. */
#include "base/export.h"
#include "core/fast.h"

EXPORT int pthread_spin_init(pthread_spinlock_t *lock, int shared)
{
    record_self();
    held_drop((void *)lock);
    return libc.pthread_spin_init(lock, shared);
}

EXPORT int pthread_spin_destroy(pthread_spinlock_t *lock)
{
    record_self();
    held_drop((void *)lock);
    return libc.pthread_spin_destroy(lock);
}

EXPORT int pthread_spin_lock(pthread_spinlock_t *lock)
{
    return spin_lock(lock, METHOD_LOCK, __builtin_return_address(0));
}

EXPORT int pthread_spin_trylock(pthread_spinlock_t *lock)
{
    return spin_lock(lock, METHOD_TRY, __builtin_return_address(0));
}

EXPORT int pthread_spin_unlock(pthread_spinlock_t *lock)
{
    return spin_unlock(lock);
}
