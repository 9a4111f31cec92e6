/* Doors: forks, and the handlers that libc runs around them. */
#include "base/export.h"
#include "base/libc.h"
#include "core/threads.h"
#include "protocol/fork.h"
#include "runtimes/python.h"

EXPORT pid_t fork(void)
{
    record_self();
    python_visit();
    return fork_still(libc.fork);
}

EXPORT pid_t __fork(void)
{
    record_self();
    python_visit();
    return fork_still(libc.__fork);
}

/* Ours are registered when the shim wakes up: before anybody's. */
EXPORT int __register_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void),
                             void *dso)
{
    return fork_register(prepare, parent, child, dso);
}
