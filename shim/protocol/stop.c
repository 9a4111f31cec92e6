#include "stop.h"

#include <sys/auxv.h>
#include <ucontext.h>

#include "base/elf.h"
#include "base/place.h"
#include "base/proc.h"
#include "base/signals.h"
#include "base/stack.h"
#include "base/sys.h"
#include "core/await.h"

enum { AGAIN_US = 1000, LARGEST_STACK = 64 << 20 };

/* The code of libc, of its library of threads, and of the loader. */
static struct place_code libc_code[3];

static void find_libc(void)
{
    libc_code[0] = place_code_of(elf_next("gnu_get_libc_version"));
    libc_code[1] = place_code_of(elf_next("pthread_setconcurrency"));
    libc_code[2] = place_code_of((const void *)elf_auxiliary(AT_BASE));
}

static int is_libc(uintptr_t address)
{
    for (int i = 0; i < 3; i++)
        if (address - libc_code[i].begin < libc_code[i].end - libc_code[i].begin)
            return 1;
    return 0;
}

static uintptr_t stack_pointer(const ucontext_t *context)
{
#if defined(__x86_64__)
    return (uintptr_t)context->uc_mcontext.gregs[REG_RSP];
#else
    return (uintptr_t)context->uc_mcontext.sp;
#endif
}

static uintptr_t program_counter(const ucontext_t *context)
{
#if defined(__x86_64__)
    return (uintptr_t)context->uc_mcontext.gregs[REG_RIP];
#else
    return (uintptr_t)context->uc_mcontext.pc;
#endif
}

/* A link register is a return address too. */
static uintptr_t link_register(const ucontext_t *context)
{
#if defined(__x86_64__)
    (void)context;
    return 0;
#else
    return (uintptr_t)context->uc_mcontext.regs[30];
#endif
}

/*
 * Is libc somewhere below? No frame is trusted: whatever looks like a return address into libc counts.
 * The stack is known up to our first frame of this thread.
 */
static int is_in_libc(const struct record *me, const ucontext_t *context)
{
    uintptr_t top = (uintptr_t)me->first_frame, at = stack_pointer(context) & ~(uintptr_t)7;
    if (is_libc(program_counter(context)) || is_libc(link_register(context)))
        return 1;
    if (at >= top || top - at > LARGEST_STACK)
        return 1; /* another stack than the thread's own */
    return stack_has(at, top, is_libc) != 0;
}

static void stop_here(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info;
    struct record *me = self;
    if (me && gate_closed(me) & GATE_EXIT && !me->held && !is_in_libc(me, context))
        gate_pass(me, PLACE_NONE);
}

static void signal_all(const struct record *me, int number)
{
    for (struct record *r = record_first(); r; r = record_next(r))
        if (r != me && !record_is_ghost(r) && r->first_frame && !r->held && !r->pass &&
            proc_state(r->tid) == 'R')
            sys_call(SYS_tgkill, process.pid, r->tid, number, 0, 0, 0);
}

int stop_by_signal(struct record *me, int64_t limit_us)
{
    find_libc();
    int moving = 1, number = signals_take(stop_here);
    /* Rounds, not time: a thread that gets no CPU can't be asked either. */
    for (int64_t rounds = limit_us / AGAIN_US; number && moving && rounds > 0; rounds--) {
        signal_all(me, number);
        moving = await_stillness(me, GATE_EXIT, AGAIN_US);
    }
    return moving;
}
