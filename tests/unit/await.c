#include "core/await.h"

#include <signal.h>

#include "base/options.h"
#include "base/proc.h"
#include "base/sys.h"
#include "core/gate.h"
#include "support.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void leave_section(struct walker *w)
{
    w->through = 1;
    held_pop(w->record, 0);
    UNTIL(w->go);
}

Test(await, idle_threads_are_still, .timeout = 10)
{
    struct record *me = awake();
    struct sleeper s;
    sleeper_start(&s);
    gate_close(me, GATE_FORK);
    cr_assert_eq(await_stillness(me, GATE_FORK, options.fork_wait_ms), 0);
    sleeper_end(&s);
}

Test(await, a_sleeper_with_a_lock_is_given_up_once, .timeout = 10)
{
    struct record *me = awake();
    struct sleeper s;
    sleeper_start(&s);
    enter_section(s.record, &mutex);
    cr_assert_eq(await_stillness(me, GATE_FORK, OPTION_FOREVER), 1);
    int64_t run = s.record->stuck_run_time;
    cr_assert_gt(run, 0);
    cr_assert_eq(await_stillness(me, GATE_FORK, OPTION_FOREVER), 1, "the same sleep again");
    cr_assert_eq(await_stillness(me, GATE_FORK, OPTION_FOREVER), 0, "chronic by now");
    sleeper_end(&s);
}

Test(await, a_stale_entry_is_not_awaited, .timeout = 10)
{
    struct record *me = awake();
    struct sleeper s;
    sleeper_start(&s);
    held_push(s.record, entry_of(&mutex, KIND_MUTEX)); /* free, and nobody's */
    cr_assert_eq(await_stillness(me, GATE_FORK, OPTION_FOREVER), 0);
    sleeper_end(&s);
}

static void *hold_for_a_while(void *argument)
{
    struct walker *w = argument;
    struct record *me = record_self();
    enter_section(me, &mutex);
    w->record = me;
    for (int i = 0; i < 20; i++)
        sys_sleep_us(500);
    leave_section(w);
    return NULL;
}

Test(await, a_critical_section_is_awaited, .timeout = 10)
{
    struct record *me = awake();
    struct walker w = {0};
    pthread_create(&w.thread, NULL, hold_for_a_while, &w);
    UNTIL(w.record);
    cr_assert_eq(await_stillness(me, GATE_FORK, OPTION_FOREVER), 0);
    cr_assert(w.through, "its short sleeps are no reason to give it up");
    w.go = 1;
    pthread_join(w.thread, NULL);
}

/* A sleeper in one lock that waits for another; the other's holder ends both. */
static struct sleeper in_chain;
static pthread_mutex_t wanted = PTHREAD_MUTEX_INITIALIZER;

static void chain_start(entry newest)
{
    sleeper_start(&in_chain);
    mutex.__data.__owner = in_chain.record->tid;
    mutex.__data.__lock = wanted.__data.__lock = 1;
    held_push(in_chain.record, entry_of(&mutex, KIND_MUTEX));
    held_push(in_chain.record, newest | ENTRY_TRY);
}

static void chain_end(struct walker *w, struct record *me)
{
    w->through = 1;
    held_pop(in_chain.record, 1);
    held_pop(in_chain.record, 0);
    held_pop(me, 0);
    UNTIL(w->go);
}

static void chain_is_awaited(void *(*routine)(void *))
{
    struct walker w = {0};
    pthread_create(&w.thread, NULL, routine, &w);
    UNTIL(w.record);
    cr_assert_eq(await_stillness(record_self(), GATE_FORK, OPTION_FOREVER), 0);
    cr_assert(w.through);
    w.go = 1;
    pthread_join(w.thread, NULL);
    sleeper_end(&in_chain);
}

static void *hold_what_is_wanted(void *argument)
{
    struct walker *w = argument;
    struct record *me = record_self();
    wanted.__data.__owner = me->tid;
    held_push(me, entry_of(&wanted, KIND_MUTEX));
    w->record = me;
    for (int i = 0; i < 20; i++)
        sys_sleep_us(500);
    chain_end(w, me);
    return NULL;
}

Test(await, who_waits_for_one_that_moves_is_awaited, .timeout = 10)
{
    awake();
    chain_start(entry_of(&wanted, KIND_MUTEX));
    chain_is_awaited(hold_what_is_wanted);
}

/* One that was woken and has yet to leave the condition; then the other one's signal returns. */
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;

static void *leave_condition(void *argument)
{
    struct walker *w = argument;
    struct record *me = record_self();
    held_push(me, entry_of(&condition, KIND_CONDITION) | ENTRY_TRY);
    w->record = me;
    spin_for(300000);
    chain_end(w, me);
    return NULL;
}

Test(await, who_signals_waits_for_those_who_leave, .timeout = 10)
{
    awake();
    chain_start(entry_of(&condition, KIND_CONDITION));
    in_chain.record->wait = 0; /* it sleeps in libc's signal, not in a wait of its own */
    chain_is_awaited(leave_condition);
}

/* In a signal handler of a thread that holds still: it found the gate closed, and gets no CPU to give the lock back. */
static void *give_back_late(void *argument)
{
    struct walker *w = argument;
    struct record *me = record_self();
    me->held = 1;
    wanted.__data.__owner = me->tid;
    held_push(me, entry_of(&wanted, KIND_MUTEX));
    w->record = me;
    spin_for(300000);
    chain_end(w, me);
    return NULL;
}

Test(await, who_waits_for_one_that_will_give_it_back_is_awaited, .timeout = 10)
{
    awake();
    chain_start(entry_of(&wanted, KIND_MUTEX));
    chain_is_awaited(give_back_late);
}

Test(await, who_waits_for_a_lock_of_mine_is_given_up, .timeout = 10)
{
    struct record *me = awake();
    chain_start(entry_of(&wanted, KIND_MUTEX));
    held_push(me, entry_of(&wanted, KIND_MUTEX));
    cr_assert_eq(await_stillness(me, GATE_FORK, OPTION_FOREVER), 1);
    sleeper_end(&in_chain);
}

/* At EXIT a thread holds still with a semaphore. */
Test(await, who_waits_for_one_that_holds_still_is_given_up, .timeout = 10)
{
    struct record *me = awake();
    struct sleeper s;
    chain_start(entry_of(&wanted, KIND_SEMAPHORE));
    sleeper_start(&s);
    held_push(s.record, entry_of(&wanted, KIND_SEMAPHORE));
    s.record->held = 1;
    gate_close(me, GATE_EXIT);
    cr_assert_eq(await_stillness(me, GATE_EXIT, OPTION_FOREVER), 1);
    sleeper_end(&s);
    sleeper_end(&in_chain);
}

static _Atomic int given;

static void *sleep_in_section(void *argument)
{
    struct walker *w = argument;
    struct record *me = record_self();
    enter_section(me, &mutex);
    w->record = me;
    while (!given)
        sys_futex_wait(&given, 0, -1);
    leave_section(w);
    return NULL;
}

static void *hold_still_and_give(void *argument)
{
    struct walker *w = argument;
    w->record = record_self();
    UNTIL(gate == GATE_FORK);
    gate_hold(w->record);
    given = 1;
    sys_futex_wake(&given, 1);
    w->through = 1;
    return NULL;
}

static void give_to_sleeper(struct walker *sleeper, struct walker *giver)
{
    struct record *me = record_self();
    UNTIL(giver->record);
    gate_close(me, GATE_FORK);
    UNTIL(giver->record->held);
    cr_assert_eq(await_stillness(me, GATE_FORK, OPTION_FOREVER), 0);
    cr_assert(sleeper->through);
    UNTIL(giver->through);
    cr_assert_eq(gate, GATE_FORK, "it is closed again");
    sleeper->go = 1;
    pthread_join(sleeper->thread, NULL);
    pthread_join(giver->thread, NULL);
}

Test(await, who_holds_still_is_let_go_for_a_sleeper, .timeout = 10)
{
    awake();
    struct walker sleeper = {0}, giver = {0};
    pthread_create(&sleeper.thread, NULL, sleep_in_section, &sleeper);
    pthread_create(&giver.thread, NULL, hold_still_and_give, &giver);
    UNTIL(sleeper.record);
    give_to_sleeper(&sleeper, &giver);
}

#if defined(__x86_64__)
static void *hold_still_in_handler(void *argument)
{
    struct walker *w = argument;
    w->record = record_self();
    UNTIL(gate == GATE_FORK);
    raise(SIGUSR1);
    sys_sleep_us(1000); /* it is no longer in the handler, and has yet to give */
    given = 1;
    sys_futex_wake(&given, 1);
    w->through = 1;
    return NULL;
}

/* The gate was opened for its sleep before the handler came. */
Test(await, who_holds_still_in_a_handler_is_let_go_before_a_sleeper_is_given_up, .timeout = 10)
{
    awake();
    struct walker sleeper = {0}, giver = {0};
    hold_still_at(SIGUSR1);
    pthread_create(&sleeper.thread, NULL, sleep_in_section, &sleeper);
    UNTIL(sleeper.record && proc_state(sleeper.record->tid) == 'S');
    sleeper.record->helped_run_time = proc_run_time(sleeper.record->tid);
    pthread_create(&giver.thread, NULL, hold_still_in_handler, &giver);
    give_to_sleeper(&sleeper, &giver);
}
#endif

Test(await, nobody_waits_for_the_dead, .timeout = 10)
{
    struct record *me = awake();
    struct sleeper s;
    sleeper_start(&s);
    held_push(s.record, entry_of(&mutex, KIND_READ));
    int tid = s.record->tid;
    sleeper_end(&s);
    UNTIL(!proc_has_thread(process.pid, tid));
    cr_assert_eq(await_stillness(me, GATE_FORK, OPTION_FOREVER), 0);
    cr_assert_eq(record_state(s.record), RECORD_FREE);
}
