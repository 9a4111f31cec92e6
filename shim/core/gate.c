#include "gate.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "base/interrupted.h"
#include "base/layout.h"
#include "base/options.h"
#include "base/proc.h"
#include "base/sys.h"
#include "base/trace.h"
#include "gate_exit.h"
#include "hope.h"
#include "runtime.h"
#include "section.h"

enum {
    FORK_OWNER_LOOK_US = 100 * 1000, /* a held thread looks at the forking one so often */
    LIBC_LOOK_US = 2000,             /* ... and one in a signal handler */
    FORK_ASLEEP_LIMIT = 2,           /* asleep at so many looks: it needs us */
    LIBC_ASLEEP_LIMIT = 20,          /* ... where what it sleeps for is libc's, and may come */
    FORK_UNSEEN_LIMIT = 20           /* without /proc: so many looks */
};

_Atomic uint32_t gate AT_FORK __attribute__((aligned(64)));
struct runtime runtime;
void (*gate_unseen_child)(void);

static struct record *_Atomic fork_owner AT_FORK;

/*
 * The forking thread is past all that we do before the copy. If it sleeps then, it is for a lock of
 * libc's own (malloc's), whose holder may hold still in a signal handler.
 */
static struct {
    _Atomic uint32_t closings; /* of the FORK gate, so far: a number for each */
    _Atomic int in_libc;
    struct record *_Atomic passing; /* let go last, for one lock */
} copying AT_FORK;

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

void gate_tell(int count)
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
        copying.closings++;
        copying.in_libc = 0;
        copying.passing = NULL;
        fork_owner = me;
    } else {
        gate_exit_owned(me);
    }
    CHAOS("gate: before it closes");
    atomic_fetch_or(&gate, which);
    CHAOS("gate: closed");
}

/*
 * Who has slept in front of the gate would take the CPU from the thread that opens it, for a time
 * slice, if there is no other: it wakes as many as there are other ones, and the first of those
 * wakes the rest.
 */
void gate_open(uint32_t which)
{
    CHAOS("gate: before it opens");
    if (atomic_fetch_and(&gate, ~which) & which)
        gate_tell(gate == GATE_OPEN ? sys_other_cpus() : INT_MAX);
}

void gate_leaves_to_libc(void) { copying.in_libc = 1; }

void gate_disown(struct record *me, uint32_t which) { me->owns &= ~which; }

IN_CHILD void gate_reset(struct record *me)
{
    if (me) {
        me->owns = 0;
        me->held_in_handler = 0; /* it forked in another one, which came meanwhile */
    }
    gate_exit_reset();
    held_in_handlers = 0;
    copying.passing = NULL;
    gate = GATE_OPEN;
}

/* What a look of a thread that holds still in a handler saw. */
struct libc_sleep {
    int64_t run; /* the forking thread's run time, asleep in libc; -1: it isn't */
    struct record *passing;
};

/*
 * The same sleep at two looks, and nobody else was let pass meanwhile who may end it: libc's lock
 * may be ours. Which of those in handlers has it can't be told, so they pass one by one.
 */
static int is_needed_by_libc(struct record *me, struct libc_sleep *s)
{
    struct libc_sleep before = *s;
    uint32_t closing = copying.closings;
    s->passing = copying.passing;
    s->run = -1;
    if (!copying.in_libc || fork_owner->awaiting || proc_state(fork_owner->tid) != 'S')
        return 0;
    s->run = proc_run_time(fork_owner->tid);
    if (s->run < 0 || s->run != before.run || s->passing != before.passing)
        return 0;
    if (s->passing && s->passing != me && held_busy(s->passing, 0))
        return 0;
    if (!atomic_compare_exchange_strong(&copying.passing, &s->passing, me))
        return 0;
    me->may_pass = closing;
    return 1;
}

/* Once: for the lock that its handler takes next. */
static int may_pass(struct record *me, int place)
{
    if (!me->may_pass || me->may_pass != copying.closings)
        return 0;
    if (place < 0 || !(held_get(me, place) & ENTRY_TRY))
        me->may_pass = 0;
    return 1;
}

int gate_stops(struct record *me, int place)
{
    uint32_t closed = gate_closed(me);
    if (closed == GATE_FORK && may_pass(me, place))
        return 0;
    if (!closed || (closed == GATE_EXIT && gate_exit_lets_go(me)) || runtime_holds_lock())
        return 0;
    if (closed == GATE_FORK && section_may_be_given(me))
        return 0;
    return held_outermost(me, place, closed == GATE_EXIT ? 1u << KIND_SEMAPHORE : 0);
}

/* Who wants to run may be in the middle of malloc; those in handlers are let go. */
static int has_libcs_lock_to_come(void)
{
    struct record *r = record_first();
    if (!copying.in_libc || copying.passing || held_in_handlers)
        return copying.in_libc;
    while (r && (r == fork_owner || r->held || record_is_ghost(r) || !hope_runs(r)))
        r = record_next(r);
    return r != NULL;
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
    int needs_us = *asleep >= FORK_ASLEEP_LIMIT &&
                   (*asleep >= LIBC_ASLEEP_LIMIT || !has_libcs_lock_to_come());
    if (needs_us || *unseen >= FORK_UNSEEN_LIMIT || state == STATE_GONE)
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
 * In a signal handler: its thread may have been woken for a lock, and not have looked yet. Who
 * sleeps behind it would never get that lock, and be given up in the middle of something; one
 * wake-up too many does no harm.
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

static int64_t look_interval(uint32_t closed, int in_handler)
{
    if (closed & GATE_FORK)
        return in_handler ? LIBC_LOOK_US : FORK_OWNER_LOOK_US;
    return options.grace_ms + 1000;
}

void gate_hold(struct record *me)
{
    int saved_errno = errno, before = me->held, asleep = 0, unseen = 0, slept = 0;
    struct libc_sleep owners = {.run = -1};
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
        if (!closed || (closed == GATE_EXIT && gate_exit_lets_go(me)))
            break;
        int in_handler = me->held_in_handler && closed == GATE_FORK;
        slept = sys_futex_wait(&news, seen, look_interval(closed, in_handler)) == 0;
        if (in_handler && is_needed_by_libc(me, &owners))
            break;
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
