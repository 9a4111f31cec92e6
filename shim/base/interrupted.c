#include "interrupted.h"

#include <string.h>

#include "libc.h"
#include "place.h"
#include "sys.h"

#if defined(__x86_64__)

enum { REACH = 16 << 10, PAGE = 4096 };

static struct place_code libc_code;

void interrupted_prepare(void)
{
    if (!libc_code.end)
        libc_code = place_code_of((const void *)libc.__register_atfork);
}

/* mov $SYS_rt_sigreturn, %rax; syscall */
static int is_return_from_handler(uintptr_t address)
{
    static const unsigned char code[] = {0x48, 0xc7, 0xc0, SYS_rt_sigreturn, 0, 0, 0, 0x0f, 0x05};
    return address >= libc_code.begin && address < libc_code.end - sizeof code &&
           memcmp((const void *)address, code, sizeof code) == 0;
}

/* While a handler runs its own signal is blocked. */
static int blocks_signals(void)
{
    uint64_t mask = 0;
    return sys_call(SYS_rt_sigprocmask, SIG_BLOCK, 0, (long)&mask, sizeof mask, 0, 0) == 0 && mask;
}

__attribute__((no_sanitize("address"))) int interrupted(void)
{
    uintptr_t at = (uintptr_t)__builtin_frame_address(0), end = at + REACH;
    if (!libc_code.end || !blocks_signals())
        return 0;
    for (uintptr_t page = 0; at < end; at += sizeof(uintptr_t)) {
        if (at / PAGE != page && !sys_readable((const void *)at))
            return 0;
        page = at / PAGE;
        if (is_return_from_handler(*(const uintptr_t *)at))
            return 1;
    }
    return 0;
}

#else

void interrupted_prepare(void) {}
int interrupted(void) { return 0; }

#endif
