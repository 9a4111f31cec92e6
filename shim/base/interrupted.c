#include "interrupted.h"

#include <string.h>

#include "libc.h"
#include "place.h"
#include "stack.h"
#include "sys.h"

#if defined(__x86_64__)

enum { REACH = 16 << 10 };

/* Where libc's code is. The end is set last, and read first: 0 until both are known. */
static _Atomic uintptr_t begin, end;

void interrupted_prepare(void)
{
    if (end)
        return;
    struct place_code code = place_code_of((const void *)libc.__register_atfork);
    begin = code.begin;
    end = code.end;
}

/* mov $SYS_rt_sigreturn, %rax; syscall */
static int is_return_from_handler(uintptr_t address)
{
    static const unsigned char code[] = {0x48, 0xc7, 0xc0, SYS_rt_sigreturn, 0, 0, 0, 0x0f, 0x05};
    return address < end - sizeof code && address >= begin &&
           memcmp((const void *)address, code, sizeof code) == 0;
}

/* While a handler runs its own signal is blocked. */
static int blocks_signals(void)
{
    uint64_t mask = 0;
    return sys_call(SYS_rt_sigprocmask, SIG_BLOCK, 0, (long)&mask, sizeof mask, 0, 0) == 0 && mask;
}

int interrupted(void)
{
    uintptr_t at = (uintptr_t)__builtin_frame_address(0);
    return end && blocks_signals() && stack_has(at, at + REACH, is_return_from_handler) > 0;
}

#else

void interrupted_prepare(void) {}
int interrupted(void) { return 0; }

#endif
