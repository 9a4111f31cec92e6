/*
 * Compilers that guard stacks by default refer to this function. libc's is newer than the oldest
 * version that we run with, and prints through stdio.
 */
#include "say.h"

_Noreturn void __stack_chk_fail(void);

_Noreturn void __stack_chk_fail(void)
{
    say("the shim has overrun its stack");
    __builtin_trap();
}
