/*
 * One thread looks at a record while another goes on: here after one instruction of the look, after each of them in
 * turn.
 */
#include "core/held.h"

#include "support.h"

#ifdef __x86_64__
#include <limits.h>
#include <signal.h>
#include <ucontext.h>

enum { TRAP_FLAG = 0x100, INSTRUCTIONS = 200 };

static pthread_mutex_t locks[2];
static struct record *other;
static int steps, stop_after;
static void (*goes_on)(void);

static entry of(int i) { return entry_of(&locks[i], KIND_MUTEX); }

/* Hand over hand: it has taken the second lock, and gives the first one back. */
static void takes_second(void)
{
    int place = held_push(other, of(1) | ENTRY_TRY);
    held_set(other, place, of(1));
    held_pop(other, 0);
}

/* It had waited for the second lock. */
static void gets_second(void)
{
    held_set(other, 1, of(1));
    held_pop(other, 0);
}

/* The second one is a function of libc's, which has no TRY. */
static void enters_function(void)
{
    held_push(other, entry_of(&locks[1], KIND_LIBC));
    held_pop(other, 0);
}

/* A fast acquisition: its entry claims before the lock is taken, and may be disbelieved until then. */
static void gets_second_fast(void)
{
    locks[1].__data.__lock = 1;
    locks[1].__data.__owner = other->tid;
    held_taken(other, 1);
    held_pop(other, 0);
}

static void after_instruction(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info;
    if (++steps != stop_after)
        return;
    goes_on();
    ((ucontext_t *)context)->uc_mcontext.gregs[REG_EFL] &= ~TRAP_FLAG;
}

static int step_by_step(int (*look)(const struct record *, unsigned))
{
    __asm__ volatile("pushfq; orl %0, (%%rsp); popfq" ::"i"(TRAP_FLAG) : "memory", "cc");
    int answer = look(other, 0);
    __asm__ volatile("pushfq; andl %0, (%%rsp); popfq" ::"i"(~TRAP_FLAG) : "memory", "cc");
    return answer;
}

static void prepare(void (*next)(void))
{
    struct sigaction action = {.sa_sigaction = after_instruction, .sa_flags = SA_SIGINFO};
    sigaction(SIGTRAP, &action, NULL);
    awake();
    goes_on = next;
}

/* That thread is in a critical section all the time. */
static void expect_busy_throughout(void (*next)(void), int waits)
{
    prepare(next);
    for (stop_after = 1; stop_after < INSTRUCTIONS; stop_after++) {
        other = record_new();
        held_push(other, of(0));
        if (waits)
            held_push(other, of(1) | ENTRY_TRY);
        steps = 0;
        cr_assert(step_by_step(held_busy), "after instruction %d", stop_after);
        record_free(other);
    }
    cr_assert_gt(steps, 10, "it was stepped");
}

Test(steps, a_fast_acquisition, .timeout = 30)
{
    prepare(gets_second_fast);
    for (stop_after = 1; stop_after < 4 * INSTRUCTIONS; stop_after++) {
        other = record_new();
        other->tid = 1;
        locks[0].__data.__lock = 1;
        locks[0].__data.__owner = other->tid;
        locks[1].__data.__lock = locks[1].__data.__owner = 0;
        held_push_few(other, of(0));
        held_push_few(other, of(1));
        steps = 0;
        cr_assert(step_by_step(held_busy_proven), "after instruction %d", stop_after);
        record_free(other);
    }
    cr_assert_gt(steps, 10, "it was stepped");
}

/* Another has noticed too that the record's thread is gone; it is freed, and claimed again. */
static void is_claimed(void)
{
    other->life += RECORD_STATE + 1;
    record_enter(other, RECORD_CLAIMED);
}

static int alive(const struct record *r, unsigned unused)
{
    (void)unused;
    return record_alive((struct record *)r);
}

static int free_ghost(const struct record *r, unsigned unused)
{
    (void)unused;
    record_free_ghost((struct record *)r);
    return 0;
}

static void expect_one_owner(int (*look)(const struct record *, unsigned), unsigned generation)
{
    prepare(is_claimed);
    for (stop_after = 1; stop_after < 4 * INSTRUCTIONS; stop_after++) {
        other = record_new();
        other->tid = INT_MAX; /* nobody's */
        other->created = 1;
        other->generation -= generation;
        record_enter(other, RECORD_LIVE);
        steps = 0;
        cr_assert_not(step_by_step(look));
        cr_assert_eq(record_state(other), steps < stop_after ? RECORD_FREE : RECORD_CLAIMED,
                     "after instruction %d", stop_after);
        record_free(other);
    }
    cr_assert_gt(steps, 10, "it was stepped");
}

Test(steps, a_record_whose_thread_is_gone, .timeout = 30) { expect_one_owner(alive, 0); }
Test(steps, a_record_of_a_ghost, .timeout = 30) { expect_one_owner(free_ghost, 1); }
Test(steps, hand_over_hand, .timeout = 30) { expect_busy_throughout(takes_second, 0); }
Test(steps, a_lock_that_was_waited_for, .timeout = 30) { expect_busy_throughout(gets_second, 1); }
Test(steps, a_function_inside_a_lock, .timeout = 30) { expect_busy_throughout(enters_function, 0); }
#endif
