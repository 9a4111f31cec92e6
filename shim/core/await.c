#include "await.h"

#include <string.h>

#include "base/proc.h"
#include "base/sys.h"
#include "wait.h"

enum {
    SPINS = 200,
    YIELDS = 20,
    POLL_US = 30,
    UNCHANGED_US = 500, /* so long the same: an entry may be disbelieved */
    ASLEEP_US = 3000,   /* asleep so long without running: given up */
    BLIND_ASLEEP_US = 10000, /* the same without /proc, where waiting for a CPU looks like it */
    CLOCK_FACTOR = 5
};

struct awaiting {
    uint32_t which;
    int64_t limit, began;
    int round;
    struct record *first; /* those about whom not all is said, linked by next_awaited */
    int moving, given_up;
};

enum verdict { MOVING, LOOKS_STILL, STILL, GONE, GIVEN_UP };

/* Semaphores don't count at EXIT: in CPython up to 3.12 no thread is ever without one. */
static unsigned ignored(const struct awaiting *a)
{
    return a->which == GATE_EXIT ? 1u << KIND_SEMAPHORE : 0;
}

/* Has its record said the same for a while, so that what it says may be compared with the objects? */
static int unchanged(struct record *r, int64_t now)
{
    entry e = held_get(r, 0);
    uint32_t nested = r->nested;
    if (e != r->watch.outermost || nested != r->watch.nested || !r->watch.unchanged_since) {
        r->watch.outermost = e;
        r->watch.nested = nested;
        r->watch.unchanged_since = now;
    }
    return now - r->watch.unchanged_since >= UNCHANGED_US;
}

/*
 * EXIT asks for more than no lock: the thread's next step must be a safepoint. One that sleeps
 * outside of our doors only looks still: somebody who isn't still yet may wake it (malloc's lock),
 * so it is looked at again and again until all others are, and must not have run in between.
 */
static enum verdict ready_to_hold(struct record *r)
{
    if (r->held || r->pass || r->state == RECORD_STARTING)
        return STILL;
    int state = proc_state(r->tid);
    if (state == STATE_GONE)
        return GONE;
    if (state == 'R')
        return MOVING;
    if (r->wait)
        return STILL;
    int64_t run = proc_run_time(r->tid), before = r->stuck_run_time;
    r->stuck_run_time = run;
    return run == before ? LOOKS_STILL : MOVING;
}

/* Busy and asleep in the kernel: it won't come to rest. The run time tells the same sleep later. */
static int sleeps(struct record *r, int64_t now)
{
    if (r->watch.asleep_since && now - r->watch.asleep_since < ASLEEP_US)
        return 0;
    int64_t run = proc_run_time(r->tid);
    int state = proc_state(r->tid), asleep = state == 'S' || state == STATE_UNKNOWN;
    if (state == STATE_UNKNOWN && r->watch.asleep_since &&
        now - r->watch.asleep_since < BLIND_ASLEEP_US && run == r->watch.asleep_run)
        return 0;
    if (asleep && r->watch.asleep_since && run == r->watch.asleep_run) {
        r->stuck_run_time = run;
        return 1;
    }
    r->watch.asleep_run = run;
    r->watch.asleep_since = asleep ? now : 0;
    return 0;
}

static int still_stuck(struct record *r)
{
    int64_t run = r->stuck_run_time;
    if (run && proc_run_time(r->tid) == run && proc_state(r->tid) != 'R')
        return 1;
    r->stuck_run_time = 0;
    return 0;
}

/* The clock decides, except for a thread that wants to run and gets no CPU. */
static int out_of_time(const struct awaiting *a, struct record *r, int64_t now)
{
    if (now - a->began < a->limit)
        return 0;
    if (now - a->began >= a->limit * CLOCK_FACTOR || proc_state(r->tid) != 'R')
        return 1;
    int64_t run = proc_run_time(r->tid);
    return run < 0 || r->watch.run_began < 0 || run - r->watch.run_began >= a->limit * 1000;
}

static enum verdict look(const struct awaiting *a, struct record *r, int64_t now)
{
    int busy = held_busy(r, ignored(a));
    if (r->queued || (!busy && a->which == GATE_FORK))
        return STILL;
    if (a->round < SPINS)
        return MOVING;
    if (busy && unchanged(r, now) && !held_busy_proven(r, ignored(a)))
        busy = 0;
    if (!busy && a->which == GATE_FORK)
        return STILL;
    enum verdict v = busy ? MOVING : ready_to_hold(r);
    if (v != MOVING || a->round <= SPINS + YIELDS)
        return v;
    if (!record_alive(r))
        return GONE;
    return (busy && sleeps(r, now)) || out_of_time(a, r, now) ? GIVEN_UP : MOVING;
}

/* Who isn't still at first sight is listed. */
static void list_moving(struct awaiting *a, const struct record *me)
{
    for (struct record *r = record_first(); r; r = record_next(r)) {
        if (r == me || record_is_ghost(r))
            continue;
        int busy = held_busy(r, ignored(a));
        if (!busy && r->outlived)
            r->outlived = 0;
        if ((!busy && a->which == GATE_FORK) || !record_alive(r))
            continue;
        if (busy && still_stuck(r)) {
            held_outlived(r, 1);
            a->given_up++;
            continue;
        }
        memset(&r->watch, 0, sizeof r->watch);
        r->watch.run_began = -1;
        r->next_awaited = a->first;
        a->first = r;
        a->moving = 1;
    }
}

/* Looks at all that are listed, and drops those about whom all is said. */
static void look_at_all(struct awaiting *a)
{
    int64_t now = a->round < SPINS ? 0 : sys_now_us();
    a->moving = 0;
    for (struct record **link = &a->first, *r; (r = *link);) {
        if (a->round == SPINS)
            r->watch.run_began = proc_run_time(r->tid);
        enum verdict v = look(a, r, now);
        a->moving += v == MOVING;
        a->given_up += v == GIVEN_UP;
        if (v == MOVING || v == LOOKS_STILL) {
            link = &r->next_awaited;
            continue;
        }
        *link = r->next_awaited;
        if (v != GONE)
            held_outlived(r, v == GIVEN_UP);
    }
}

static void pause_between_looks(int round)
{
    if (round < SPINS)
        sys_pause_cpu();
    else if (round < SPINS + YIELDS)
        sys_yield();
    else
        sys_sleep_us(POLL_US);
}

int await_stillness(struct record *me, uint32_t which, int64_t limit_us)
{
    struct awaiting a = {.which = which, .limit = limit_us, .began = sys_now_us()};
    if (which == GATE_EXIT)
        a.round = SPINS; /* nothing there is a matter of nanoseconds */
    for (list_moving(&a, me); a.moving; a.round++) {
        look_at_all(&a);
        if (a.moving)
            pause_between_looks(a.round);
    }
    return a.given_up;
}
