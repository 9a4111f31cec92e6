/*
 * inspect is a static program without libc: the loader, and what the environment has it preload, is
 * none of its business. This is what it needs instead: an entry.
 */
#include "base/sys.h"

int main(int argc, char **argv, char **environment);
_Noreturn void begin(long *stack);

/*
 * The kernel leaves argc, argv, NULL, environment, NULL on the stack. Where stacks are guarded, the
 * guard is in the thread's block, which libc would have made: arch_prctl(ARCH_SET_FS).
 */
#if defined(__x86_64__)
long thread_block[8];
__asm__(".globl _start\n_start:\n"
        "xor %ebp, %ebp\n mov $158, %eax\n mov $0x1002, %edi\n"
        "lea thread_block(%rip), %rsi\n syscall\n"
        "mov %rsp, %rdi\n and $-16, %rsp\n call begin\n");
#else
__asm__(".globl _start\n_start:\n"
        "mov x29, #0\n mov x30, #0\n mov x0, sp\n b begin\n");
#endif

_Noreturn void begin(long *stack)
{
    char **argv = (char **)&stack[1];
    int status = main((int)stack[0], argv, argv + stack[0] + 1);
    for (;;)
        sys_call(SYS_exit_group, status, 0, 0, 0, 0, 0);
}
