/* Doors: the ways out, and the handlers that run on them. */
#include "base/export.h"
#include "base/libc.h"
#include "protocol/exit.h"
#include "protocol/handlers.h"

EXPORT void exit(int status)
{
    libc.exit(exit_begin(status, __builtin_return_address(0)));
    __builtin_unreachable();
}

EXPORT void quick_exit(int status)
{
    exit_prepare(__builtin_return_address(0));
    libc.quick_exit(status);
    __builtin_unreachable();
}

EXPORT int on_exit(void (*function)(int, void *), void *argument)
{
    return handlers_add_on_exit(function, argument);
}

EXPORT int __cxa_at_quick_exit(void (*function)(void *), void *dso)
{
    return handlers_add_quick(function, dso);
}

EXPORT int __cxa_atexit(exit_function *function, void *argument, void *dso)
{
    return handlers_add(function, argument, dso);
}

EXPORT void __cxa_finalize(void *dso)
{
    handlers_finalize(dso);
}

EXPORT int __libc_start_main(main_function *main, int argc, char **argv, void (*init)(void),
                             void (*fini)(void), void (*rtld_fini)(void), void *stack_end)
{
    record_self();
    return libc.__libc_start_main(exit_wrap_main(main), argc, argv, init, fini, rtld_fini,
                                  stack_end);
}
