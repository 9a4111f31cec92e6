#include "stuck.h"

#include <sched.h>
#include <signal.h>
#include <string.h>

#include "base/layout.h"
#include "base/ledger.h"
#include "base/mapping.h"
#include "base/options.h"
#include "base/proc.h"
#include "base/say.h"
#include "base/signals.h"
#include "base/sys.h"
#include "core/blame.h"
#include "core/runtime.h"

enum { STACK = 64 * 1024, SHORTEST_LOOK_US = 1000, LONGEST_LOOK_US = 100 * 1000 };
enum { WATCHED_AND_WATCHER = 2 };

/* Written before the watching thread exists, and not again in this process. */
static int watched;

#if defined(__x86_64__)
static long start_thread(unsigned long flags, void *stack, void (*routine)(void))
{
    long result;
    register long r10 __asm__("r10") = 0;
    register long r8 __asm__("r8") = 0;
    register void (*r9)(void) __asm__("r9") = routine;
    __asm__ volatile("syscall\n\ttest %%rax, %%rax\n\tjnz 1f\n\txor %%ebp, %%ebp\n\tcall *%%r9\n\thlt\n1:"
                     : "=a"(result)
                     : "a"(SYS_clone), "D"(flags), "S"(stack), "d"(0), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}
#else
static long start_thread(unsigned long flags, void *stack, void (*routine)(void))
{
    register long x8 __asm__("x8") = SYS_clone;
    register long x0 __asm__("x0") = (long)flags;
    register long x1 __asm__("x1") = (long)stack;
    register long x2 __asm__("x2") = 0;
    register long x3 __asm__("x3") = 0;
    register long x4 __asm__("x4") = 0;
    register void (*x5)(void) __asm__("x5") = routine;
    __asm__ volatile("svc 0\n\tcbnz x0, 1f\n\tmov x29, xzr\n\tblr x5\n\tbrk 1\n1:"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                     : "memory");
    return x0;
}
#endif

/* Only a thread of this process can end it. */
static int waits_for_a_thread(const struct proc_call *call)
{
    int operation = (int)call->arguments[1] & FUTEX_CMD_MASK;
    if (call->number != SYS_futex || call->arguments[3] != 0)
        return 0;
    if (operation != FUTEX_WAIT && operation != FUTEX_WAIT_BITSET && operation != FUTEX_LOCK_PI)
        return 0;
    return mapping_of((const void *)call->arguments[0]) == MAPPING_PRIVATE;
}

static uint64_t bit(int signal) { return (uint64_t)1 << (signal - 1); }

/* A runtime handles it in a way that wakes nobody up. */
static int is_runtimes(int signal)
{
    struct { uintptr_t handler; unsigned long flags; void *restorer; uint64_t mask; } now = {0};
    sys_call(SYS_rt_sigaction, signal, 0, (long)&now, sizeof now.mask, 0, 0);
    return runtime.present && now.handler - runtime.code < runtime.code_end - runtime.code;
}

/* Those that a thread brings upon itself don't come while it sleeps; two are libc's own. */
static int may_be_signalled(void)
{
    enum { CANCEL = 32, SETXID = 33 };
    uint64_t none = bit(SIGSEGV) | bit(SIGBUS) | bit(SIGFPE) | bit(SIGILL) | bit(SIGTRAP) |
                    bit(SIGSYS) | bit(SIGABRT) | bit(CANCEL) | bit(SETXID);
    uint64_t handled = proc_handled_signals();
    if (handled & bit(SIGINT) && is_runtimes(SIGINT))
        none |= bit(SIGINT);
    return (handled & ~none) != 0;
}

static struct record *record_of_watched(void)
{
    for (struct record *r = record_first(); r; r = record_next(r))
        if (!record_is_ghost(r) && r->tid == watched)
            return r;
    return NULL;
}

static void describe(struct finding *f, const struct proc_call *call)
{
    struct record *r = record_of_watched();
    entry newest = r ? held_newest(r) : 0;
    f->what = "a futex";
    f->object = (const void *)call->arguments[0];
    f->at = r && r->wait ? (const void *)(r->wait >> 2) : (const void *)call->code;
    if (!newest || !(newest & ENTRY_TRY) || !entry_object(newest))
        return;
    int place;
    const struct record *ghost = blame_holder(entry_object(newest), entry_kind(newest), &place);
    f->what = blame_kind(entry_kind(newest));
    f->object = entry_object(newest);
    if (!ghost)
        return;
    blame_thread(f, ghost);
    f->taken = ghost->taken ? ghost->taken[place] : NULL;
}

static void found_stuck(const struct proc_call *call, int64_t us)
{
    struct finding f = {.kind = FOUND_STUCK, .pid = sys_getpid(), .amount = us};
    describe(&f, call);
    ledger_add(&f);
    finding_say(&f);
    if (options.stuck != STUCK_REPORT)
        signals_end(options.stuck == STUCK_ABORT, STATUS_ENDED);
}

/* One and the same wait: the thread hasn't run since. */
static int is_same(const struct proc_call *a, const struct proc_call *b)
{
    return a->number == b->number && memcmp(a->arguments, b->arguments, sizeof a->arguments) == 0 &&
           a->stack == b->stack && a->code == b->code;
}

static void watch(void)
{
    int64_t look = options.stuck_ms / 8, since = 0, ran = -1;
    struct proc_call first, now;
    look = look < SHORTEST_LOOK_US ? SHORTEST_LOOK_US : look > LONGEST_LOOK_US ? LONGEST_LOOK_US : look;
    for (;; sys_sleep_us(look)) {
        int64_t run = proc_run_time(watched), time = sys_now_us();
        if (proc_threads() != WATCHED_AND_WATCHER || proc_state(watched) != 'S' ||
            !proc_call_of(watched, &now) || !waits_for_a_thread(&now)) {
            since = 0;
            continue;
        }
        if (!since || run != ran || !is_same(&first, &now)) {
            since = time;
            ran = run;
            first = now;
        } else if (time - since >= options.stuck_ms && !may_be_signalled() && !proc_has_timer() &&
                   proc_run_time(watched) == ran) {
            found_stuck(&now, time - since);
            break;
        }
    }
    sys_call(SYS_exit, 0, 0, 0, 0, 0, 0);
}

IN_CHILD void stuck_watch(void)
{
    enum { FLAGS = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM };
    uint64_t all = UINT64_MAX, before;
    if (!options.stuck_ms)
        return;
    char *stack = sys_pages(STACK);
    long thread = -ENOMEM;
    watched = sys_gettid();
    sys_call(SYS_rt_sigprocmask, SIG_SETMASK, (long)&all, (long)&before, sizeof all, 0, 0);
    if (stack && proc_threads())
        thread = start_thread(FLAGS, stack + STACK, watch);
    sys_call(SYS_rt_sigprocmask, SIG_SETMASK, (long)&before, 0, sizeof before, 0, 0);
    if (thread < 0)
        say("stuck_ms: without /proc, memory and a thread more a child can't be watched");
}
