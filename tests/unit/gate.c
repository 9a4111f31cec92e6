#include "core/gate.h"
#include "core/runtime.h"

#include <signal.h>

#include "base/options.h"
#include "base/sys.h"
#include "core/await.h"
#include "core/wait.h"
#include "support.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void *walk(void *argument)
{
    struct walker *w = argument;
    w->record = record_self();
    UNTIL(w->go);
    gate_pass(w->record, PLACE_NONE);
    w->through = 1;
    return NULL;
}

static void walker_start(struct walker *w)
{
    *w = (struct walker){0};
    cr_assert_eq(pthread_create(&w->thread, NULL, walk, w), 0);
    UNTIL(w->record);
}

/* Closes the gate; the walker is held at it. */
static void walker_hold(struct walker *w, struct record *me, uint32_t which)
{
    walker_start(w);
    gate_close(me, which);
    w->go = 1;
    UNTIL(w->record->held);
}

Test(gate, its_owner_passes, .timeout = 10)
{
    struct record *me = awake();
    gate_close(me, GATE_FORK);
    cr_assert_eq(gate_closed(me), 0);
    cr_assert_not(gate_stops(me, PLACE_NONE));
}

Test(gate, others_hold_still_until_it_opens, .timeout = 10)
{
    struct record *me = awake();
    struct walker w;
    walker_hold(&w, me, GATE_FORK);
    cr_assert_not(w.through);
    gate_open(GATE_FORK);
    pthread_join(w.thread, NULL);
    cr_assert(w.through);
}

#if defined(__x86_64__)

static int stops_again;

static void pass_in_handler(int signal)
{
    (void)signal;
    gate_pass(self, PLACE_NONE);
    stops_again = gate_stops(self, PLACE_NONE);
}

static void *walk_in_handler(void *argument)
{
    struct walker *w = argument;
    w->record = record_self();
    raise(SIGUSR1);
    w->through = 1;
    return NULL;
}

static void hold_in_handler(struct walker *w, struct record *me)
{
    signal(SIGUSR1, pass_in_handler);
    gate_close(me, GATE_FORK);
    cr_assert_eq(pthread_create(&w->thread, NULL, walk_in_handler, w), 0);
    UNTIL(gate_holds_handlers());
}

Test(gate, who_holds_still_in_a_handler_counts, .timeout = 10)
{
    struct record *me = awake();
    struct walker w = {0};
    hold_in_handler(&w, me);
    gate_open(GATE_FORK);
    pthread_join(w.thread, NULL);
    cr_assert(w.through);
    cr_assert_eq(gate_holds_handlers(), 0);
}

Test(gate, a_child_does_not_count_who_held_still, .timeout = 10)
{
    struct record *me = awake();
    struct walker w = {0};
    hold_in_handler(&w, me);
    gate_reset(w.record); /* as if it were the child's only thread */
    cr_assert_eq(gate_holds_handlers(), 0);
    pthread_join(w.thread, NULL);
    cr_assert_eq(gate_holds_handlers(), 0);
}

Test(gate, while_libcs_fork_sleeps_a_handler_may_take_one_lock, .timeout = 10)
{
    struct record *me = awake();
    struct walker w = {0};
    hold_in_handler(&w, me);
    gate_leaves_to_libc();
    pthread_join(w.thread, NULL);
    cr_assert(w.through);
    cr_assert(stops_again);
    cr_assert_eq(gate, GATE_FORK, "the others hold still");
}

#endif

Test(gate, who_holds_a_lock_is_not_stopped, .timeout = 10)
{
    struct record *me = awake(), *other = record_new();
    other->tid = me->tid; /* a thread of ours that isn't the owner */
    mutex.__data.__owner = me->tid;
    mutex.__data.__lock = 1;
    held_push(other, entry_of(&mutex, KIND_MUTEX));
    gate_close(me, GATE_FORK);
    cr_assert_not(gate_stops(other, PLACE_NONE));
    cr_assert(gate_stops(other, 0), "its own place doesn't count");
}

Test(gate, exit_lets_the_joined_one_pass, .timeout = 10)
{
    struct record *me = awake();
    options.stall_ms = OPTION_FOREVER;
    struct walker w;
    walker_hold(&w, me, GATE_EXIT);
    gate_let_pass(w.record);
    pthread_join(w.thread, NULL);
    cr_assert(gate & GATE_EXIT, "the gate itself stays closed");
}

Test(gate, exit_goes_on_when_its_owner_waits_for_long, .timeout = 10)
{
    struct record *me = awake();
    options.stall_ms = OPTION_FOREVER;
    struct walker w;
    walker_hold(&w, me, GATE_EXIT);
    gate_owner_waits(me, 0);
    pthread_join(w.thread, NULL);
    cr_assert(w.through);
}

Test(gate, a_wait_that_ended_closes_it_again, .timeout = 10)
{
    struct record *me = awake();
    options.stall_ms = OPTION_FOREVER;
    options.grace_ms = 1000;
    struct walker w;
    walker_start(&w);
    gate_close(me, GATE_EXIT);
    gate_owner_waits(me, 0);
    sys_sleep_us(2000);
    cr_assert_not(gate_stops(w.record, PLACE_NONE), "it waits longer than grace_ms");
    gate_owner_waited(me, 1, 0);
    cr_assert(gate_stops(w.record, PLACE_NONE));
    w.go = 1;
    gate_let_pass(w.record);
    pthread_join(w.thread, NULL);
}

Test(gate, at_a_runtimes_end_only_locks_are_waited_for_in_vain, .timeout = 10)
{
    struct record *me = awake();
    options.stall_ms = OPTION_FOREVER;
    options.grace_ms = 1000;
    struct record *other = record_new();
    gate_runtime_ends(1);
    gate_close(me, GATE_EXIT);
    gate_owner_waits(me, 1);
    sys_sleep_us(2000);
    cr_assert(gate_stops(other, PLACE_NONE), "what it waits for is not in this process");
    gate_owner_waits(me, 0);
    cr_assert_not(gate_stops(other, PLACE_NONE));
    gate_runtime_ends(0);
    gate_owner_waits(me, 1);
    cr_assert_not(gate_stops(other, PLACE_NONE));
}

static int locked(void) { return 1; }

Test(gate, who_has_a_runtimes_lock_goes_on, .timeout = 10)
{
    struct record *me = awake(), *other = record_new();
    gate_close(me, GATE_FORK);
    cr_assert(gate_stops(other, PLACE_NONE));
    runtime.holds_lock = locked;
    runtime.present = 1;
    cr_assert_not(gate_stops(other, PLACE_NONE));
}

Test(gate, short_sleeps_add_up, .timeout = 10)
{
    struct record *me = awake();
    options.stall_ms = OPTION_FOREVER;
    options.grace_ms = 20000;
    struct record *other = record_new();
    gate_close(me, GATE_EXIT);
    int rounds = 0;
    while (gate_stops(other, PLACE_NONE)) {
        gate_owner_waits(me, 0);
        sys_sleep_us(1000);
        gate_owner_waited(me, 0, 1);
        rounds++;
    }
    cr_assert_gt(rounds, 1, "one short sleep is no wait");
}

Test(gate, without_progress_it_opens_for_good, .timeout = 10)
{
    struct record *me = awake();
    options.stall_ms = 10000;
    struct walker w;
    walker_start(&w);
    gate_close(me, GATE_EXIT);
    w.go = 1;
    pthread_join(w.thread, NULL);
    cr_assert_eq(gate, GATE_OPEN);
}

static void *look_once(void *argument)
{
    struct walker *w = argument;
    w->record = record_self();
    sys_sleep_us(20 * 1000);
    w->through = !gate_stops(w->record, PLACE_NONE);
    return NULL;
}

Test(gate, asleep_at_one_look_its_owner_gets_on, .timeout = 10)
{
    struct record *me = awake();
    options.stall_ms = 10000;
    struct walker w = {0};
    gate_close(me, GATE_EXIT);
    cr_assert_eq(pthread_create(&w.thread, NULL, look_once, &w), 0);
    pthread_join(w.thread, NULL);
    cr_assert_not(w.through);
    cr_assert_eq(gate, GATE_EXIT);
}

Test(gate, who_may_have_gone_on_is_awaited_again, .timeout = 10)
{
    struct record *me = awake();
    options.grace_ms = 1000;
    gate_close(me, GATE_EXIT);
    gate_owner_waits(me, 0);
    sys_sleep_us(2000);
    gate_owner_waited(me, 1, 0);
    cr_assert(gate_let_some_go(me), "a thread that saw this wait may be on its way");
    cr_assert_not(gate_let_some_go(me), "asked once");
}

Test(gate, a_forking_thread_that_waits_opens_it, .timeout = 10)
{
    struct record *me = awake();
    gate_close(me, GATE_FORK);
    gate_owner_waits(me, 0);
    cr_assert_eq(gate, GATE_OPEN);
}

/* Long enough for several looks of the held thread; on a machine that is slower it sees less. */
Test(gate, a_forking_thread_that_sleeps_in_between_looks_keeps_it, .timeout = 10)
{
    struct record *me = awake();
    struct walker w;
    walker_hold(&w, me, GATE_FORK);
    me->awaiting = 1;
    sys_sleep_us(500 * 1000);
    cr_assert_not(w.through);
    me->awaiting = 0;
    pthread_join(w.thread, NULL);
    cr_assert(w.through, "asleep for another reason: it may need the held one");
}

static void wait_here(struct record *me, int times)
{
    for (int i = 0; i < times; i++) {
        struct waiting w;
        wait_enter(&w, me, WAIT_TIMED, (void *)0x1234);
        wait_leave(&w);
    }
}

Test(wait, a_few_returns_make_a_timed_wait_housekeeping, .timeout = 10)
{
    struct record *me = awake();
    struct waiting w;
    wait_here(me, 1);
    wait_enter(&w, me, WAIT_TIMED, (void *)0x1234);
    cr_assert_eq(wait_kind_of(me), WAIT_TIMED);
    cr_assert_not(wait_is_housekeeping(me));
    wait_leave(&w);
    wait_enter(&w, me, WAIT_TIMED, (void *)0x1234);
    cr_assert(wait_is_housekeeping(me));
    wait_leave(&w);
    wait_enter(&w, me, WAIT_TIMED, (void *)0x5678);
    cr_assert_not(wait_is_housekeeping(me), "another call site");
    wait_leave(&w);
    cr_assert_eq(wait_kind_of(me), WAIT_NONE);
}
