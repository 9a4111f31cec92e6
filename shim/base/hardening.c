/*
 * Compilers that guard stacks by default refer to this function. libc's is newer than the oldest
 * version that we run with, and prints through stdio. On aarch64 the guard is a variable.
 */
#include <stdint.h>

#include "say.h"

#if defined(__aarch64__)
uintptr_t __stack_chk_guard = 0xd00ff00d000aff00;
#endif

_Noreturn void __stack_chk_fail(void);

_Noreturn void __stack_chk_fail(void)
{
    say("the shim has overrun its stack");
    __builtin_trap();
}
