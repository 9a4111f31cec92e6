#include "protocol/fork.h"

#include <errno.h>

#include "base/sys.h"
#include "core/gate.h"
#include "core/runtime.h"
#include "support.h"

/* A runtime whose lock the forking thread holds; the gate opens once, where a test says so. */
static struct {
    struct sleeper other;
    int is_held, taken, about;
    int opens_in_take, opens_in_about;
    int closed_at_fork;
} its;

static int is_held(void) { return its.is_held; }

static void *release(void)
{
    its.is_held = 0;
    held_pop(its.other.record, 0); /* it needed the lock to come to rest */
    return NULL;
}

static void take(void *state)
{
    (void)state;
    its.is_held = 1;
    if (its.taken++ == 0 && its.opens_in_take)
        gate_open(GATE_FORK);
}

static void about_to_fork(void)
{
    if (its.about++ == 0 && its.opens_in_about)
        gate_open(GATE_FORK);
}

static pid_t no_fork(void)
{
    its.closed_at_fork = (gate & GATE_FORK) != 0;
    errno = EAGAIN;
    return -1;
}

static void with_lock(void)
{
    static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
    awake();
    sleeper_start(&its.other);
    held_push(its.other.record, entry_of(&m, KIND_MUTEX));
    its.is_held = 1;
    runtime.holds_lock = is_held;
    runtime.release = release;
    runtime.take = take;
    runtime.about_to_fork = about_to_fork;
    runtime.present = 1;
}

static void fork_and_look(void)
{
    cr_expect_eq(fork_still(no_fork), -1);
    cr_expect_eq(errno, EAGAIN);
    cr_expect(its.closed_at_fork);
    cr_expect_eq(gate, GATE_OPEN);
    cr_expect_eq(record_self()->owns, 0);
    cr_expect(its.is_held);
}

TestSuite(fork, .init = with_lock, .timeout = 10);

Test(fork, a_runtimes_lock_is_given_up_meanwhile)
{
    fork_and_look();
    cr_expect_eq(its.taken, 1);
    cr_expect_eq(its.about, 1);
}

Test(fork, a_gate_that_opened_before_the_lock_came_is_closed_again)
{
    its.opens_in_take = 1;
    fork_and_look();
    cr_expect_eq(its.about, 1);
}

Test(fork, a_gate_that_opens_while_the_runtime_looks_is_closed_again)
{
    its.opens_in_about = 1;
    fork_and_look();
    cr_expect_eq(its.about, 2, "what it saw is out of date");
}

Test(fork, one_that_begins_early_is_begun_once)
{
    cr_expect(fork_begin_early());
    cr_expect_not(fork_begin_early());
    gate_open(GATE_FORK);
    cr_expect(fork_begin_early());
    cr_expect(gate & GATE_FORK);
    fork_give_up();
    cr_expect_eq(gate, GATE_OPEN);
}

/* The owner of the turn wants to run for so long, in the end with an open gate. */
static struct {
    int closed_us, open_us;
    _Atomic int works, second_is_early;
} owner;

static pid_t work_long(void)
{
    owner.works = 1;
    spin_for(owner.closed_us);
    gate_open(GATE_FORK);
    spin_for(owner.open_us);
    owner.works = 0;
    return -1;
}

static pid_t come_second(void)
{
    owner.second_is_early = owner.works;
    return -1;
}

static void *fork_long(void *unused)
{
    fork_still(work_long);
    return unused;
}

/* It is in a lock, so the gate lets it through to the queue. */
static void second_waits(int closed_us, int open_us)
{
    static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
    pthread_t first;
    held_push(awake(), entry_of(&m, KIND_READ));
    owner.closed_us = closed_us;
    owner.open_us = open_us;
    pthread_create(&first, NULL, fork_long, NULL);
    UNTIL(gate & GATE_FORK);
    fork_still(come_second);
    cr_expect_not(owner.second_is_early);
    pthread_join(first, NULL);
}

Test(fork_queue, who_gets_on_slowly_is_waited_for, .timeout = 60) { second_waits(4000 * 1000, 0); }
Test(fork_queue, who_has_just_opened_the_gate_is_waited_for, .timeout = 60) { second_waits(0, 1000 * 1000); }
