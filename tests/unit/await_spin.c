/* Who is awaited spins, in the middle of something, for a lock. */
#include <sched.h>
#include <signal.h>

#include "base/sys.h"
#include "core/await.h"
#include "core/gate.h"
#include "support.h"

/* The spinner is in a section of `mutex`, and has the lock that it spins for when `is_free` says so. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct walker spinner;
static pthread_spinlock_t spun_for;
static _Atomic int has_spun, is_free;

static void run_for(int us)
{
    struct timespec t;
    int64_t begin = -1, now;
    do {
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
        now = (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
        begin = begin < 0 ? now : begin;
    } while (now - begin < us);
}

static void *spin_for_lock(void *unused)
{
    struct record *me = record_self();
    enter_section(me, &mutex);
    held_push(me, entry_of((const void *)&spun_for, KIND_SPIN) | ENTRY_TRY);
    spinner.record = me;
    run_for(220000); /* longer than the limit of the first test */
    has_spun = 1;
    while (!is_free)
        ;
    spinner.through = 1;
    held_pop(me, 1);
    held_pop(me, 0);
    return unused;
}

/*
 * Takes the lock when the others have been listed: who isn't, isn't given up. Then both share a CPU: the lock comes
 * free while the spinner gets none, and it gets it again when the holder is done.
 */
static void *hold_spun_for(void *unused)
{
    struct record *me = record_self();
    struct sched_param none = {0};
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(sched_getcpu(), &one);
    UNTIL(spinner.record->watch.run_began > 0);
    held_push(me, entry_of((const void *)&spun_for, KIND_SPIN));
    UNTIL(has_spun);
    pthread_setaffinity_np(pthread_self(), sizeof one, &one);
    pthread_setaffinity_np(spinner.thread, sizeof one, &one);
    pthread_setschedparam(spinner.thread, SCHED_IDLE, &none);
    is_free = 1;
    held_pop(me, 0);
    run_for(50000);
    pthread_setschedparam(spinner.thread, SCHED_OTHER, &none);
    return unused;
}

Test(await, a_spinner_without_cpu_is_awaited, .timeout = 20)
{
    struct record *me = awake();
    pthread_t holder;
    pthread_create(&spinner.thread, NULL, spin_for_lock, NULL);
    UNTIL(spinner.record);
    pthread_create(&holder, NULL, hold_spun_for, NULL);
    cr_assert_eq(await_stillness(me, GATE_FORK, 200000), 0);
    cr_assert(spinner.through);
    pthread_join(spinner.thread, NULL);
    pthread_join(holder, NULL);
}

#if defined(__x86_64__)
/* A handler came before it could say that it has the lock. It looks at the gate now and then, and runs for that. */
static void *hold_still_with_spun_for(void *argument)
{
    struct walker *w = argument;
    w->record = record_self();
    held_push(w->record, entry_of((const void *)&spun_for, KIND_SPIN) | ENTRY_TRY);
    UNTIL(gate == GATE_FORK);
    raise(SIGUSR1);
    is_free = 1;
    held_pop(w->record, 0);
    return NULL;
}

Test(await, who_holds_still_in_a_handler_is_let_go_for_a_spinner, .timeout = 20)
{
    struct record *me = awake();
    struct walker giver = {0};
    hold_still_at(SIGUSR1);
    pthread_create(&spinner.thread, NULL, spin_for_lock, NULL);
    pthread_create(&giver.thread, NULL, hold_still_with_spun_for, &giver);
    UNTIL(spinner.record && giver.record);
    gate_close(me, GATE_FORK);
    UNTIL(gate_holds_handlers());
    cr_assert_eq(await_stillness(me, GATE_FORK, 300000), 0);
    cr_assert(spinner.through);
    pthread_join(spinner.thread, NULL);
    pthread_join(giver.thread, NULL);
}
#endif
