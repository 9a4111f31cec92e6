#include "await.h"

#include <string.h>

#include "base/options.h"
#include "base/proc.h"
#include "base/sys.h"
#include "look.h"
#include "runtime.h"
#include "section.h"

enum {
    POLL_US = 30,
    FIRST_OPENING_US = 50 /* so long the gate opens first, and twice as long each further time */
};

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
        int busy = held_busy(r, look_ignored(a));
        if (!busy && r->outlived)
            r->outlived = 0;
        if ((!busy && a->which == GATE_FORK) || !record_alive(r))
            continue;
        memset(&r->watch, 0, sizeof r->watch);
        r->watch.run_began = -1;
        if (busy && look_still_stuck(r, r->stuck_run_time)) {
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
        look_tick(a);
    a->moving = 0;
    int quiet = a->which == GATE_EXIT && a->round > SPINS + YIELDS;
    for (struct record **link = &a->first, *r; (r = *link);) {
        if (a->round == SPINS)
            r->watch.run_began = proc_run_time(r->tid);
        enum verdict v = look(a, r);
        a->moving += v == MOVING;
        quiet = quiet && (v != MOVING || look_waits_for_others(r));
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
    return (r || gate_holds_handlers()) && !look_is_late(a, 0) &&
           (a->seen - opened < ASLEEP_US || is_anybody_woken());
}

/*
 * Who has what is needed can't be told from the others: the gate opens for all, for a while, and
 * until no sleeper is in the same sleep and nobody holds still in a handler, or for as long as a
 * sleeper is waited for. Then all is looked at anew.
 */
static void let_held_go_on(struct awaiting *a, struct record *me)
{
    CHAOS("await: who holds still is needed");
    int64_t opened = a->seen, least = FIRST_OPENING_US << a->openings++;
    gate_open(GATE_FORK);
    do {
        sys_sleep_us(POLL_US);
        look_tick(a);
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
    return a->needs_held || (look_may_open(a) && gate_holds_handlers());
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
            !look_still_stuck(r, r->stuck_run_time))
            return 1;
    }
    return 0;
}

int await_stillness(struct record *me, uint32_t which, int64_t limit_us)
{
    struct awaiting a = {.which = which, .limit = limit_us, .clock = stopwatch_start(), .seen = 1};
    a.hope = (struct hope){
        .me = me, .sleep = a.clock.looked, .has_lock = runtime_holds_lock(), .in_time = 1};
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
