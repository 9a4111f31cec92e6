#include "gate.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "base/interrupted.h"
#include "base/layout.h"
#include "base/options.h"
#include "base/proc.h"
#include "base/report.h"
#include "base/sys.h"
#include "base/trace.h"
#include "runtime.h"
#include "section.h"

enum {
    FORK_OWNER_LOOK_US = 100 * 1000, /* a held thread looks at the forking one so often */
    FORK_UNSEEN_LIMIT = 20           /* without /proc: so many looks */
};

_Atomic uint32_t gate AT_FORK __attribute__((aligned(64)));
struct runtime runtime;
void (*gate_unseen_child)(void);

/* What the held threads know of the exiting one; written by the owner of the EXIT gate alone. */
static struct {
    struct record *_Atomic owner;
    _Atomic int64_t progress;   /* when it last got on */
    _Atomic int64_t ran;        /* its run time then */
    _Atomic int64_t wait_since; /* since when it waits, or sleeps again and again; 0: it doesn't */
    _Atomic int let_go;         /* some went on while it waited */
    _Atomic int needs_others;   /* the thread that it joins waits for others */
    _Atomic int outside;        /* that wait is for what isn't in this process: see patience */
    _Atomic int early;          /* a runtime ends, the process doesn't yet */
    int64_t slept;              /* since the last progress */
    int64_t began;              /* of the wait that it is in */
} exiting AT_FORK;

static struct record *_Atomic fork_owner AT_FORK;

/* Counts openings and passes: what held threads wait for, so that none of these is missed. */
static _Atomic uint32_t news AT_FORK;

/* The number of records with held_in_handler. */
static _Atomic int held_in_handlers AT_FORK;

int gate_holds_handlers(void) { return held_in_handlers; }

static void note_handler(struct record *me, int in_handler)
{
    if (in_handler != me->held_in_handler)
        held_in_handlers += in_handler - me->held_in_handler;
    me->held_in_handler = in_handler;
}

static void tell_held(int count)
{
    CHAOS("gate: open");
    atomic_fetch_add(&news, 1);
    sys_futex_wake(&news, count);
}

void gate_close(struct record *me, uint32_t which)
{
    me->owns |= which;
    if (which == GATE_FORK) {
        interrupted_prepare();
        fork_owner = me;
    } else {
        exiting.owner = me;
        gate_progress();
    }
    CHAOS("gate: before it closes");
    atomic_fetch_or(&gate, which);
    CHAOS("gate: closed");
}

/*
 * Who has slept in front of the gate would take the CPU from the thread that opens it, for a time slice, if there
 * is no other: it wakes as many as there are other ones, and the first of those wakes the rest.
 */
void gate_open(uint32_t which)
{
    CHAOS("gate: before it opens");
    if (atomic_fetch_and(&gate, ~which) & which)
        tell_held(gate == GATE_OPEN ? sys_other_cpus() : INT_MAX);
}

void gate_disown(struct record *me, uint32_t which) { me->owns &= ~which; }

IN_CHILD void gate_reset(struct record *me)
{
    if (me) {
        me->owns = 0;
        me->held_in_handler = 0; /* it forked in another one, which came meanwhile */
    }
    exiting.wait_since = 0;
    exiting.slept = 0;
    exiting.early = 0;
    held_in_handlers = 0;
    gate = GATE_OPEN;
}

void gate_progress(void)
{
    exiting.slept = 0;
    exiting.wait_since = 0;
    exiting.needs_others = 0;
    exiting.progress = sys_now_us();
    exiting.ran = proc_run_time(exiting.owner->tid);
}

/* It wants to run, but on a loaded machine it had no stall_ms of CPU since it last got on. */
static int is_starved(int64_t since)
{
    int tid = exiting.owner->tid, state = proc_state(tid);
    if ((state != 'R' && state != 'D') || since >= options.stall_ms * STARVED_FACTOR)
        return 0;
    return proc_run_time(tid) - exiting.ran < options.stall_ms * 1000;
}

/*
 * A lock that the exiting thread waits for is sooner or later a held thread's. When a runtime ends, its
 * held threads wait for nothing but the runtime, and what comes over a descriptor, or from another
 * process, is not theirs to give.
 */
static int64_t patience(void)
{
    int64_t longer = options.stall_ms > options.grace_ms ? options.stall_ms : options.grace_ms;
    return exiting.early && exiting.outside ? longer : options.grace_ms;
}

/* At EXIT nobody is held for ever, nor while the exiting thread may be waiting for him. */
static int exit_lets_go(const struct record *me)
{
    if (((struct record *)me)->pass)
        return 1;
    if (exiting.owner->awaiting)
        return 0; /* E4 has limits of its own */
    int64_t now = sys_now_us(), since = exiting.wait_since;
    if (exiting.needs_others || (since && now - since >= patience())) {
        exiting.let_go = 1;
        return 1;
    }
    int64_t stalled = now - exiting.progress;
    if (stalled < options.stall_ms || is_starved(stalled))
        return 0;
    if (atomic_load(&gate) & GATE_EXIT)
        report_count(&report.stalls, 1);
    gate_open(GATE_EXIT); /* E6 */
    return 1;
}

int gate_stops(struct record *me, int place)
{
    uint32_t closed = gate_closed(me);
    if (!closed || (closed == GATE_EXIT && exit_lets_go(me)) || runtime_holds_lock())
        return 0;
    if (closed == GATE_FORK && section_may_be_given(me))
        return 0;
    return held_outermost(me, place, closed == GATE_EXIT ? 1u << KIND_SEMAPHORE : 0);
}

/*
 * The forking thread runs, or awaits the others, or the kernel copies for it: stay. Asleep at two
 * looks: it needs us.
 */
static void look_at_fork_owner(int *asleep, int *unseen)
{
    struct record *owner = fork_owner;
    int state = proc_state(owner->tid);
    *asleep = state == 'S' && !owner->awaiting ? *asleep + 1 : 0;
    *unseen += state == STATE_UNKNOWN && !owner->awaiting;
    if (*asleep >= 2 || *unseen >= FORK_UNSEEN_LIMIT || state == STATE_GONE)
        gate_open(GATE_FORK);
}

void gate_hold_for_ever(struct record *me)
{
    static const uint32_t never;
    me->held = 1;
    for (;;)
        sys_futex_wait(&never, 0, -1);
}

static void wake_one(const void *word, int shared)
{
    if (shared)
        sys_futex_wake_shared(word, 1);
    else
        sys_futex_wake(word, 1);
}

/* Wakes one more of those who wait for a lock. Other kinds libc hands over, or it wakes all. */
static void wake_for(void *object, enum kind kind)
{
    pthread_mutex_t *m = object;
    pthread_rwlock_t *l = object;
    if (!object || !sys_readable(object))
        return;
    switch (kind) {
    case KIND_MUTEX: /* for a robust one libc waits as for a shared one */
        wake_one(&m->__data.__lock, m->__data.__kind & (MUTEX_ROBUST | MUTEX_PSHARED));
        break;
    case KIND_WRITE: wake_one(&l->__data.__writers_futex, l->__data.__shared); break;
    case KIND_SEMAPHORE: wake_one(object, 0); break;
    case KIND_FILE: wake_one(((FILE *)object)->_lock, 0); break;
    default: break;
    }
}

/*
 * In a signal handler: its thread may have been woken for a lock, and not have looked yet. Who sleeps behind it
 * would never get that lock, and be given up in the middle of something; one wake-up too many does no harm.
 */
static void pass_wakes_on(const struct record *me)
{
    uint32_t n = me->nested < SLOTS ? me->nested : SLOTS;
    for (int i = (int)n; n && i >= 0; i--) {
        entry e = held_get(me, i);
        if (e & ENTRY_TRY)
            wake_for(entry_object(e), entry_kind(e));
    }
}

void gate_hold(struct record *me)
{
    int saved_errno = errno, before = me->held, asleep = 0, unseen = 0, slept = 0;
    int64_t began = trace_now();
    gate_look_for_unseen_fork();
    CHAOS("hold: on the way");
    if (!before)
        note_handler(me, interrupted());
    me->held = 1;
    CHAOS("hold: held");
    pass_wakes_on(me);
    for (int64_t looked = sys_now_us();;) {
        uint32_t seen = news, closed = gate & ~me->owns;
        CHAOS("hold: before it sleeps");
        if (!closed || (closed == GATE_EXIT && exit_lets_go(me)))
            break;
        int64_t limit = closed & GATE_FORK ? FORK_OWNER_LOOK_US : options.grace_ms + 1000;
        slept = sys_futex_wait(&news, seen, limit) == 0;
        if (closed & GATE_FORK && sys_now_us() - looked >= FORK_OWNER_LOOK_US) {
            looked = sys_now_us();
            look_at_fork_owner(&asleep, &unseen);
        }
    }
    if (slept && gate == GATE_OPEN)
        sys_futex_wake(&news, INT_MAX); /* whom the opening thread has left to us */
    if (!before)
        note_handler(me, 0);
    if (me->left_behind)
        gate_hold_for_ever(me);
    CHAOS("hold: let go");
    me->held = before;
    TRACE(.phase = TRACE_WHOLE, .name = "held still", .category = "gate", .began = began);
    errno = saved_errno;
}

void gate_runtime_ends(int early) { exiting.early = early; }

void gate_owner_waits(struct record *me, int outside)
{
    if (me->owns & GATE_FORK)
        gate_open(GATE_FORK);
    if (!(me->owns & GATE_EXIT))
        return;
    CHAOS("gate: its owner waits");
    exiting.began = sys_now_us();
    exiting.outside = outside;
    if (!exiting.wait_since)
        exiting.wait_since = exiting.began;
}

/* Sleeps add up until something gets on: a loop of short ones is a wait, a short one alone none. */
void gate_owner_waited(struct record *me, int progress, int was_sleep)
{
    if (!(me->owns & GATE_EXIT))
        return;
    if (progress) {
        gate_progress();
        return;
    }
    if (!was_sleep)
        return;
    exiting.slept += sys_now_us() - exiting.began;
    if (exiting.slept < options.grace_ms)
        exiting.wait_since = 0;
}

int gate_let_some_go(const struct record *me)
{
    return me && ((struct record *)me)->owns & GATE_EXIT && gate & GATE_EXIT &&
           atomic_exchange(&exiting.let_go, 0);
}

void gate_needs_others(void)
{
    CHAOS("gate: others are needed");
    exiting.needs_others = 1;
    tell_held(INT_MAX);
}

void gate_let_pass(struct record *r)
{
    r->pass = 1;
    CHAOS("gate: one may pass");
    if (gate & GATE_EXIT)
        tell_held(INT_MAX);
}
