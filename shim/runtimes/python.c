#include "python.h"

#include "base/options.h"
#include "core/gate.h"
#include "core/runtime.h"
#include "python_api.h"
#include "python_hooks.h"

void python_visit(void)
{
    if (!record_self() || options.python == PYTHON_NO || !python_find())
        return;
    if (options.mode == MODE_OBSERVE && runtime.keeps_lock_at_fork)
        return; /* its locks make no calls: there is nothing to tell apart */
    if (options.mode != MODE_REPAIR && python.Py_IsInitialized() && runtime_holds_lock())
        python_install();
}

void python_thread_exits(const void *site)
{
    struct record *me = record_self();
    if (me && mode_closes() && runtime_calls(site) && python_is_ending())
        gate_hold_for_ever(me);
}
