#include "lifecycle.h"

#include <errno.h>

#include "base/layout.h"
#include "base/libc.h"
#include "base/proc.h"
#include "base/sys.h"
#include "base/trace.h"
#include "openmp.h"
#include "wait.h"

enum { JOIN_LOOKS = 20, JOIN_LOOK_US = 50 };

static void trace_end(struct record *me)
{
    proc_name(me->tid, me->name, sizeof me->name);
    TRACE(.phase = TRACE_NAME, .text = me->name);
    TRACE(.phase = TRACE_END, .name = "thread");
}

void thread_ends(void *result)
{
    struct record *me = record_self();
    if (!me)
        return;
    me->result = result;
    me->ended = 1;
    if (trace_is_on)
        trace_end(me);
    gate_safepoint(me);
    CHAOS("thread: ends");
}

void thread_set_class(enum thread_class class)
{
    struct record *me = record_self();
    if (!me)
        return;
    me->class = class;
    me->pass = class == CLASS_LEFT;
}

/* The first and the last thing that a thread does: both are safepoints of EXIT. */
static struct record *begin(void *record)
{
    struct record *r = record;
    CHAOS("thread: begins");
    record_adopt(r);
    r->first_frame = __builtin_frame_address(0);
    TRACE(.phase = TRACE_BEGIN, .name = "thread",
          .place = r->start ? (const void *)r->start : (const void *)r->start_c11);
    gate_safepoint(r);
    return r;
}

static void *run(void *record)
{
    struct record *r = begin(record);
    void *result = r->start(r->argument);
    thread_ends(result);
    return result;
}

static int run_c11(void *record)
{
    struct record *r = begin(record);
    int result = r->start_c11(r->argument);
    thread_ends((void *)(intptr_t)result);
    return result;
}

/* A record for a thread to be; NULL: create it as libc would. */
static struct record *prepare(void *argument)
{
    struct record *me = record_self();
    struct record *r = me ? record_new() : NULL;
    if (!r)
        return NULL;
    r->argument = argument;
    r->joinable = 1;
    r->owns = me->owns & OWNS_GHOSTS;
    r->pass = (me->owns & GATE_EXIT) != 0; /* made by a handler, which wants it to run */
    record_enter(r, RECORD_STARTING);
    CHAOS("thread: starting");
    return r;
}

/* The record's id is set by whoever is first, so that a detach right after finds it. */
static void created(struct record *r, int success, pthread_t thread)
{
    if (!success) {
        record_free(r);
        return;
    }
    for (struct record *ghost; (ghost = record_of_ghost(thread));)
        record_free_ghost(ghost); /* its pthread_t means this thread now */
    CHAOS("thread: created");
    r->thread = thread;
    CHAOS("thread: named");
    r->created = 1;
}

int thread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *),
                  void *argument)
{
    struct record *r = prepare(argument);
    if (!r)
        return libc.pthread_create(thread, attributes, start, argument);
    int detached = PTHREAD_CREATE_JOINABLE;
    if (attributes)
        pthread_attr_getdetachstate(attributes, &detached);
    r->joinable = detached == PTHREAD_CREATE_JOINABLE;
    r->start = start;
    openmp_thread_made();
    int result = libc.pthread_create(thread, attributes, run, r);
    created(r, result == 0, result == 0 ? *thread : 0);
    return result;
}

int thread_create_c11(thrd_t *thread, thrd_start_t start, void *argument)
{
    struct record *r = prepare(argument);
    if (!r)
        return libc.thrd_create(thread, start, argument);
    r->start_c11 = start;
    int result = libc.thrd_create(thread, run_c11, r);
    created(r, result == thrd_success, result == thrd_success ? *thread : 0);
    return result;
}

int thread_detach(pthread_t thread)
{
    struct record *me = record_self();
    struct record *ghost = me ? record_of_ghost(thread) : NULL;
    if (ghost) {
        record_free_ghost(ghost);
        return 0;
    }
    struct record *r = me ? record_of(thread) : NULL;
    if (r)
        r->joinable = 0;
    return libc.pthread_detach(thread);
}

int thread_cancel(pthread_t thread)
{
    struct record *me = record_self();
    if (me && record_of_ghost(thread))
        return ESRCH;
    layout.semaphore_steps = 0; /* sem_wait is a cancellation point even if it needn't wait */
    return libc.pthread_cancel(thread);
}

int thread_kill(pthread_t thread, int signal)
{
    struct record *me = record_self();
    return me && record_of_ghost(thread) ? ESRCH : libc.pthread_kill(thread, signal);
}

/* Asleep at two looks in a wait that only another thread can end. */
static int waits_for_others(struct record *r)
{
    int asleep = 0;
    for (int looks = 0; looks < JOIN_LOOKS && asleep < 2; looks++) {
        if (!record_alive(r))
            return 0;
        int waits = !r->held && wait_kind_of(r) == WAIT_UNTIMED && proc_state(r->tid) == 'S';
        asleep = waits ? asleep + 1 : 0;
        sys_sleep_us(JOIN_LOOK_US);
    }
    return asleep == 2;
}

/* While we exit, the one that we wait for is let through the gate at once. */
static void let_joined_pass(struct record *me, pthread_t thread)
{
    struct record *r = me && me->owns & GATE_EXIT ? record_of(thread) : NULL;
    if (!r)
        return;
    CHAOS("join: in exit");
    gate_let_pass(r);
    if (waits_for_others(r))
        gate_needs_others();
}

static int join_in_libc(pthread_t thread, void **result, const struct joining *j)
{
    switch (j->how) {
    case JOIN_TRY: return libc.pthread_tryjoin_np(thread, result);
    case JOIN_TIMED: return libc.pthread_timedjoin_np(thread, result, j->time);
    case JOIN_CLOCK: return libc.pthread_clockjoin_np(thread, result, j->clock, j->time);
    default: return libc.pthread_join(thread, result);
    }
}

static enum wait_kind wait_kind(const struct joining *j)
{
    return j->how == JOIN_TRY ? WAIT_NONE : j->how == JOIN ? WAIT_UNTIMED : WAIT_TIMED;
}

/* What a join of a vanished thread answers; the record goes. */
static void *result_of_ghost(struct record *ghost)
{
    void *result = ghost->ended ? ghost->result : PTHREAD_CANCELED;
    record_free_ghost(ghost);
    return result;
}

int thread_join(pthread_t thread, void **result, const struct joining *j)
{
    struct record *me = record_self();
    struct record *ghost = me ? record_of_ghost(thread) : NULL;
    if (ghost) {
        void *its = result_of_ghost(ghost);
        if (result)
            *result = its;
        return 0;
    }
    let_joined_pass(me, thread);
    struct waiting w __attribute__((cleanup(wait_end)));
    wait_begin(&w, wait_kind(j), j->site);
    int error = join_in_libc(thread, result, j);
    w.progress = error == 0;
    return error;
}

int thread_join_c11(thrd_t thread, int *result, const void *site)
{
    struct record *me = record_self();
    struct record *ghost = me ? record_of_ghost(thread) : NULL;
    if (ghost) {
        void *its = result_of_ghost(ghost);
        if (result)
            *result = (int)(intptr_t)its;
        return thrd_success;
    }
    let_joined_pass(me, thread);
    struct waiting w __attribute__((cleanup(wait_end)));
    wait_begin(&w, WAIT_UNTIMED, site);
    int error = libc.thrd_join(thread, result);
    w.progress = error == thrd_success;
    return error;
}
