/* The public API of holdstill.h. */
#define HOLDSTILL_API
#define HOLDSTILL_INSIDE
#include "holdstill.h"

#include "base/export.h"
#include "core/lifecycle.h"
#include "core/operate.h"
#include "protocol/hooks.h"

EXPORT int holdstill_active(void)
{
    return record_self() != NULL;
}

EXPORT void holdstill_safepoint(void)
{
    struct record *me = record_self();
    if (me)
        gate_pass(me, PLACE_NONE);
}

EXPORT void holdstill_lock_acquired(void *lock, void (*reset)(void *))
{
    custom_begin(lock, reset);
}

EXPORT void holdstill_lock_released(void *lock)
{
    custom_end(lock);
}

EXPORT void holdstill_forbid_fork(void)
{
    custom_begin(&process, NULL);
}

EXPORT void holdstill_allow_fork(void)
{
    custom_end(&process);
}

EXPORT unsigned holdstill_fork_generation(void)
{
    return process.generation;
}

EXPORT int holdstill_child_torn(void)
{
    return process.torn;
}

EXPORT int holdstill_at_stop(void (*function)(void *), void *argument, int priority)
{
    return hooks_add(TIER_STOP, function, argument, priority);
}

EXPORT int holdstill_at_end(void (*function)(void *), void *argument, int priority)
{
    return hooks_add(TIER_END, function, argument, priority);
}

EXPORT void holdstill_thread_class(enum holdstill_thread_class class)
{
    thread_set_class((enum thread_class)class);
}
