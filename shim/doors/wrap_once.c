/* Doors: once-routines, POSIX's and C11's, and the guards of C++ function-local statics. */
#include "base/export.h"
#include "core/operate.h"

EXPORT int pthread_once(pthread_once_t *control, void (*routine)(void))
{
    return run_once(control, routine);
}

EXPORT void call_once(once_flag *flag, void (*routine)(void))
{
    run_once((pthread_once_t *)flag, routine);
}

EXPORT int __cxa_guard_acquire(uint64_t *guard)
{
    return guard_acquire(guard, __builtin_return_address(0));
}

EXPORT void __cxa_guard_release(uint64_t *guard)
{
    guard_end(guard, libc.__cxa_guard_release);
}

EXPORT void __cxa_guard_abort(uint64_t *guard)
{
    guard_end(guard, libc.__cxa_guard_abort);
}
