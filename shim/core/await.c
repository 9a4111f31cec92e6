#include "await.h"

#include <string.h>

#include "base/options.h"
#include "base/proc.h"
#include "base/stopwatch.h"
#include "base/sys.h"
#include "hope.h"
#include "openmp.h"
#include "runtime.h"
#include "section.h"
#include "wait.h"

enum {
    SPINS = 200,
    YIELDS = 20,
    POLL_US = 30,
    UNCHANGED_US = 500, /* so long the same: an entry may be disbelieved */
    ASLEEP_US = 3000,   /* asleep so long without running: given up */
    BLIND_ASLEEP_US = 10000, /* the same without /proc, where waiting for a CPU looks like it */
    STEP_US = 250,      /* no look counts for longer */
    HOPELESS_US = 500,  /* so long nobody was seen from whom it could get its lock */
    OPENINGS = 6,       /* so often at most the gate opens for those who are needed */
    FIRST_OPENING_US = 50 /* so long the first time, and twice as long each further time */
};

struct awaiting {
    struct hope hope;
    uint32_t which;
    int64_t limit;
    struct stopwatch clock;
    int64_t seen;         /* the time that we spent looking: see tick */
    int64_t quiet_since;  /* EXIT: since then nobody moved who could wake somebody; or 0 */
    int round;
    struct record *first; /* those about whom not all is said, linked by next_awaited */
    int moving, given_up;
    int needs_held; /* FORK: somebody sleeps for what those who hold still may have */
    int openings;
};

enum verdict { MOVING, LOOKS_STILL, STILL, GONE, GIVEN_UP };

/* Semaphores don't count at EXIT: in CPython up to 3.12 no thread is ever without one. */
static unsigned ignored(const struct awaiting *a)
{
    return a->which == GATE_EXIT ? 1u << KIND_SEMAPHORE : 0;
}

/*
 * On a loaded machine we get no CPU for milliseconds, and neither do those whom the sleepers wait
 * for. What must last "for a while" is measured in time that we spent looking.
 */
static void tick(struct awaiting *a)
{
    int64_t before = a->clock.passed, step = stopwatch_look(&a->clock) - before;
    a->seen += step < STEP_US ? step : STEP_US;
    a->hope.in_time = a->seen < a->limit;
}

/* Has its record said the same for a while, so that what it says may be compared with the objects? */
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
 * Asleep for a lock or a condition. Who could end that is such a sleeper himself, or moves; all others
 * hold no lock, and come to the gate before they signal.
 */
static int waits_for_others(const struct record *r)
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
static int still_stuck(struct record *r, int64_t run)
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
        return (is_quiet(a) || is_hopeless(a, r)) && still_stuck(r, run);
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

static int is_late(const struct awaiting *a) { return a->clock.passed >= a->limit * STARVED_FACTOR; }

/*
 * The clock decides, except for a thread that gets no CPU, or waits, asleep or spinning, for one that
 * gets none. What it spins in hope isn't its time: it has yet to see that the lock came free, and to do
 * what it wants it for.
 */
static int out_of_time(const struct awaiting *a, struct record *r)
{
    int hopes = spins(r) && !is_hopeless(a, r);
    if (hopes)
        r->watch.run_began = proc_run_time(r->tid);
    if (is_late(a))
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

static int may_open(const struct awaiting *a)
{
    return a->which == GATE_FORK && !(gate & GATE_EXIT) && !is_late(a) && a->openings < OPENINGS;
}

static enum verdict look(struct awaiting *a, struct record *r)
{
    CHAOS("await: look");
    int busy = held_busy(r, ignored(a));
    CHAOS("await: seen");
    if (r->queued || (!busy && a->which == GATE_FORK))
        return STILL;
    if (a->round < SPINS)
        return MOVING;
    if (busy && unchanged(a, r) && !held_busy_proven(r, ignored(a)))
        busy = 0;
    if (!busy && a->which == GATE_FORK)
        return STILL;
    enum verdict v = busy ? MOVING : ready_to_hold(r);
    if (v != MOVING || a->round <= SPINS + YIELDS)
        return v;
    if (!record_alive(r))
        return GONE;
    if (!(busy && sleeps(a, r)) && !out_of_time(a, r))
        return MOVING;
    if (busy && !held_busy(r, ignored(a)))
        return MOVING; /* it came to rest while we looked */
    if (!busy || !may_open(a) || !(hope_of_held(r) || gate_holds_handlers()))
        return GIVEN_UP;
    r->stuck_run_time = 0;
    a->needs_held = 1;
    return MOVING;
}

static void give_up(struct awaiting *a, struct record *r)
{
    CHAOS("await: given up");
    r->watch.given_up = 1;
    if (a->which == GATE_FORK && !r->name[0])
        proc_name(r->tid, r->name, sizeof r->name); /* a child can't ask */
    held_outlived(r, 1);
    a->given_up++;
}

/* Who isn't still at first sight is listed. */
static void list_moving(struct awaiting *a)
{
    for (struct record *r = record_first(); r; r = record_next(r)) {
        if (r == a->hope.me || record_is_ghost(r))
            continue;
        CHAOS("await: first look");
        int busy = held_busy(r, ignored(a));
        if (!busy && r->outlived)
            r->outlived = 0;
        if ((!busy && a->which == GATE_FORK) || !record_alive(r))
            continue;
        memset(&r->watch, 0, sizeof r->watch);
        r->watch.run_began = -1;
        if (busy && still_stuck(r, r->stuck_run_time)) {
            give_up(a, r);
            continue;
        }
        r->next_awaited = a->first;
        a->first = r;
        a->moving = 1;
    }
}

/* Looks at all that are listed, and drops those about whom all is said. */
static void look_at_all(struct awaiting *a)
{
    if (a->round >= SPINS)
        tick(a);
    a->moving = 0;
    int quiet = a->which == GATE_EXIT && a->round > SPINS + YIELDS;
    for (struct record **link = &a->first, *r; (r = *link);) {
        if (a->round == SPINS)
            r->watch.run_began = proc_run_time(r->tid);
        enum verdict v = look(a, r);
        a->moving += v == MOVING;
        quiet = quiet && (v != MOVING || waits_for_others(r));
        if (v == MOVING || v == LOOKS_STILL) {
            link = &r->next_awaited;
            continue;
        }
        *link = r->next_awaited;
        if (v == GIVEN_UP)
            give_up(a, r);
        else if (v != GONE)
            held_outlived(r, 0);
    }
    if (!quiet || !a->quiet_since)
        a->quiet_since = quiet ? a->seen : 0;
}

/* Does one of them hold still who was woken, and gets no CPU? */
static int is_anybody_woken(void)
{
    struct record *r = record_first();
    while (r && (!r->held || record_is_ghost(r) || !hope_runs(r)))
        r = record_next(r);
    return r != NULL;
}

static int needs_held_longer(const struct awaiting *a, int64_t opened)
{
    struct record *r = a->first;
    while (r && !hope_sleeps_on(r, r->helped_run_time))
        r = r->next_awaited;
    return (r || gate_holds_handlers()) && !is_late(a) &&
           (a->seen - opened < ASLEEP_US || is_anybody_woken());
}

/*
 * Who has what is needed can't be told from the others: the gate opens for all, for a while, and until no sleeper
 * is in the same sleep and nobody holds still in a handler, or for as long as a sleeper is waited for. Then all is
 * looked at anew.
 */
static void let_held_go_on(struct awaiting *a, struct record *me)
{
    CHAOS("await: who holds still is needed");
    int64_t opened = a->seen, least = FIRST_OPENING_US << a->openings++;
    gate_open(GATE_FORK);
    do {
        sys_sleep_us(POLL_US);
        tick(a);
    } while (a->seen - opened < least || needs_held_longer(a, opened));
    CHAOS("await: before the gate closes again");
    gate_close(me, GATE_FORK);
    a->first = NULL;
    a->needs_held = a->moving = a->given_up = a->round = 0;
    list_moving(a);
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

static void look_until_still(struct awaiting *a)
{
    for (; a->moving && !a->needs_held; a->round++) {
        look_at_all(a);
        if (a->moving)
            pause_between_looks(a->round);
    }
}

static int needs_opening(const struct awaiting *a)
{
    return a->needs_held || (may_open(a) && gate_holds_handlers());
}

/* Nobody needs a runtime's lock to leave the mutex that it is made of. */
static int is_in_runtimes_mutex_only(const struct record *r)
{
    if (!runtime.mutex || held_newest(r) != entry_of(runtime.mutex, KIND_MUTEX))
        return 0;
    for (int i = (int)r->nested - 1; i >= 0 && i < SLOTS; i--)
        if (held_get(r, i) && !(held_get(r, i) & ENTRY_MARKS))
            return 0;
    return 1;
}

int is_anybody_busy(const struct record *me, int proven)
{
    for (struct record *r = record_first(); r; r = record_next(r)) {
        if (r == me || record_is_ghost(r) || r->queued)
            continue;
        if (section_in_transit(r))
            return 1;
        if (!held_busy(r, 0) || is_in_runtimes_mutex_only(r))
            continue;
        if ((!proven || held_busy_proven(r, 0)) && record_alive(r) &&
            !still_stuck(r, r->stuck_run_time))
            return 1;
    }
    return 0;
}

int await_stillness(struct record *me, uint32_t which, int64_t limit_us)
{
    struct awaiting a = {.which = which, .limit = limit_us, .clock = stopwatch_start(), .seen = 1};
    a.hope = (struct hope){.me = me, .sleep = a.clock.looked, .has_lock = runtime_holds_lock(), .in_time = 1};
    if (which == GATE_EXIT)
        a.round = SPINS; /* nothing there is a matter of nanoseconds */
    me->awaiting = 1;
    list_moving(&a);
    for (look_until_still(&a); needs_opening(&a); look_until_still(&a))
        let_held_go_on(&a, me);
    if (which == GATE_EXIT)
        gate_progress();
    me->awaiting = 0;
    return a.given_up;
}

void await_again(struct record *me)
{
    if (gate_let_some_go(me))
        await_stillness(me, GATE_EXIT, options.exit_still_ms);
}
