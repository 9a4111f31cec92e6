#include "look.h"

#include "base/options.h"
#include "base/proc.h"
#include "openmp.h"
#include "wait.h"

enum {
    UNCHANGED_US = 500,      /* so long the same: an entry may be disbelieved */
    BLIND_ASLEEP_US = 10000, /* asleep without /proc, where waiting for a CPU looks like it */
    STEP_US = 250,           /* no look counts for longer */
    HOPELESS_US = 500,       /* so long nobody was seen from whom it could get its lock */
    BUSY_US = 200 * 1000,    /* EXIT: a critical section's least limit on a loaded machine */
    OPENINGS = 6             /* so often at most the gate opens for those who are needed */
};

/* Semaphores don't count at EXIT: in CPython up to 3.12 no thread is ever without one. */
unsigned look_ignored(const struct awaiting *a)
{
    return a->which == GATE_EXIT ? 1u << KIND_SEMAPHORE : 0;
}

/*
 * On a loaded machine we get no CPU for milliseconds, and neither do those whom the sleepers wait
 * for. What must last "for a while" is measured in time that we spent looking.
 */
void look_tick(struct awaiting *a)
{
    int64_t before = a->clock.passed, step = stopwatch_look(&a->clock) - before;
    a->seen += step < STEP_US ? step : STEP_US;
    a->hope.in_time = a->seen < a->limit;
}

/* Has its record said the same for a while, so that what it says may be compared with the objects?
 */
static int unchanged(const struct awaiting *a, struct record *r)
{
    entry e = held_get(r, 0);
    uint32_t nested = r->nested, claimed = r->claimed;
    if (e != r->watch.outermost || nested != r->watch.nested || claimed != r->watch.claimed ||
        !r->watch.unchanged_since) {
        r->watch.outermost = e;
        r->watch.nested = nested;
        r->watch.claimed = claimed;
        r->watch.unchanged_since = a->seen;
    }
    return a->seen - r->watch.unchanged_since >= UNCHANGED_US;
}

/*
 * EXIT asks for more than no lock: the thread's next step must be a safepoint. One that sleeps
 * outside of our doors only looks still: somebody who isn't still yet may wake it (malloc's lock),
 * so it is looked at again and again until all others are, and must not have run in between.
 */
static enum verdict ready_to_hold(struct record *r)
{
    if (r->held || r->pass || record_state(r) == RECORD_STARTING)
        return STILL;
    int state = proc_state(r->tid);
    if (state == STATE_GONE)
        return GONE;
    if (state == 'R')
        return openmp_is_idle(r) ? LOOKS_STILL : MOVING;
    if (r->wait)
        return STILL;
    int64_t run = proc_run_time(r->tid), before = r->stuck_run_time;
    r->stuck_run_time = run;
    return run == before ? LOOKS_STILL : MOVING;
}

/*
 * Records and states are looked at one by one: a lock that is handed on meanwhile, from one whom we
 * had yet to see to one whom we saw asleep, seems to be nobody's. Later looks find it.
 */
static int is_hopeless(const struct awaiting *a, struct record *r)
{
    if (hope_of(&a->hope, r))
        r->watch.hopeless_since = 0;
    else if (!r->watch.hopeless_since)
        r->watch.hopeless_since = a->seen;
    return r->watch.hopeless_since && a->seen - r->watch.hopeless_since >= HOPELESS_US;
}

/*
 * Asleep for a lock or a condition. Who could end that is such a sleeper himself, or moves; all
 * others hold no lock, and come to the gate before they signal.
 */
int look_waits_for_others(const struct record *r)
{
    entry wanted = held_newest(r);
    enum kind kind = entry_kind(wanted);
    int lock = wanted & ENTRY_TRY && kind <= KIND_WRITE;
    return (lock || (kind == KIND_CONDITION && ((struct record *)r)->wait)) && !hope_runs(r);
}

static int is_quiet(const struct awaiting *a)
{
    return a->quiet_since && a->seen - a->quiet_since >= HOPELESS_US;
}

/*
 * Asked last, after all else was looked at: who was given the lock meanwhile that it waits for has
 * been woken before.
 */
int look_still_stuck(struct record *r, int64_t run)
{
    int stuck = hope_sleeps_on(r, run);
    r->stuck_run_time = stuck ? run : 0;
    return stuck;
}

/* Busy and asleep in the kernel: it won't come to rest. The run time tells the same sleep later. */
static int sleeps(struct awaiting *a, struct record *r)
{
    int64_t asleep_for = r->watch.asleep_since ? a->seen - r->watch.asleep_since : 0;
    if (r->watch.asleep_since && asleep_for < (is_quiet(a) ? HOPELESS_US : ASLEEP_US))
        return 0;
    int64_t run = proc_run_time(r->tid);
    int state = proc_state(r->tid), asleep = state == 'S' || state == STATE_UNKNOWN;
    if (asleep && r->watch.asleep_since && run == r->watch.asleep_run) {
        if (state == STATE_UNKNOWN && asleep_for < BLIND_ASLEEP_US)
            return 0;
        return (is_quiet(a) || is_hopeless(a, r)) && look_still_stuck(r, run);
    }
    r->watch.asleep_run = run;
    r->watch.asleep_since = asleep ? a->seen : 0;
    if (asleep) {
        r->watch.hopeless_since = 0;
        a->hope.sleep++;
    }
    return 0;
}

static int spins(const struct record *r)
{
    entry wanted = held_newest(r);
    return wanted & ENTRY_TRY && entry_kind(wanted) == KIND_SPIN;
}

/* Who holds still in a handler may have the lock: the handler came before its thread could say so. */
static int spins_for_handler(const struct awaiting *a, struct record *r)
{
    return spins(r) && look_may_open(a) && gate_holds_handlers() && is_hopeless(a, r);
}

/* exit_still_ms is short, and meant for threads that run: one in a critical section is to get to
 * its end. */
int look_is_late(const struct awaiting *a, int busy)
{
    int longer = busy && a->which == GATE_EXIT && a->limit && a->limit < BUSY_US;
    return a->clock.passed >= (longer ? BUSY_US : a->limit) * STARVED_FACTOR;
}

/*
 * The clock decides, except for a thread that gets no CPU, or waits, asleep or spinning, for one
 * that gets none. What it spins in hope isn't its time: it has yet to see that the lock came free,
 * and to do what it wants it for.
 */
static int out_of_time(const struct awaiting *a, struct record *r, int busy)
{
    int hopes = spins(r) && !is_hopeless(a, r);
    if (hopes)
        r->watch.run_began = proc_run_time(r->tid);
    if (look_is_late(a, busy))
        return 1;
    if (a->clock.passed < a->limit || hopes)
        return 0;
    if (!hope_runs(r))
        return is_hopeless(a, r) && !hope_runs(r);
    if (!spins(r))
        r->watch.hopeless_since = 0;
    int64_t run = proc_run_time(r->tid);
    return run < 0 || r->watch.run_began < 0 || run - r->watch.run_began >= a->limit * 1000;
}

int look_may_open(const struct awaiting *a)
{
    return a->which == GATE_FORK && !(gate & GATE_EXIT) && !look_is_late(a, 0) &&
           a->openings < OPENINGS;
}

enum verdict look(struct awaiting *a, struct record *r)
{
    CHAOS("await: look");
    int busy = held_busy(r, look_ignored(a));
    CHAOS("await: seen");
    if (r->queued || (!busy && a->which == GATE_FORK))
        return STILL;
    if (a->round < SPINS)
        return MOVING;
    if (busy && unchanged(a, r) && !held_busy_proven(r, look_ignored(a)))
        busy = 0;
    if (!busy && a->which == GATE_FORK)
        return STILL;
    enum verdict v = busy ? MOVING : ready_to_hold(r);
    if (v != MOVING || a->round <= SPINS + YIELDS)
        return v;
    if (!record_alive(r))
        return GONE;
    if (busy && spins_for_handler(a, r)) {
        a->needs_held = 1;
        return MOVING;
    }
    if (!(busy && sleeps(a, r)) && !out_of_time(a, r, busy))
        return MOVING;
    if (busy && !held_busy(r, look_ignored(a)))
        return MOVING; /* it came to rest while we looked */
    if (!busy || !look_may_open(a) || !(hope_of_held(r) || gate_holds_handlers()))
        return GIVEN_UP;
    r->stuck_run_time = 0;
    a->needs_held = 1;
    return MOVING;
}
