#include "hope.h"

#include "base/proc.h"
#include "runtime.h"

enum { HARDLY_NS = 500 * 1000 }; /* who ran for so long has left what a function without an entry does */

int hope_runs(const struct record *r)
{
    int state = proc_state(((struct record *)r)->tid);
    return state == 'R' || state == 'D';
}

int hope_sleeps_on(const struct record *r, int64_t run)
{
    return run && !hope_runs(r) && proc_run_time(((struct record *)r)->tid) == run;
}

/* Who was woken for a lock, or at a barrier, and gets no CPU, says so too, but doesn't wait. */
static int waits(const struct record *r)
{
    entry e = held_newest(r);
    int woken = e & ENTRY_TRY && entry_kind(e) != KIND_CONDITION;
    return ((struct record *)r)->wait && !woken;
}

/*
 * Wants to run, and hardly did since the last sleep began: it may be in the middle of a function without an entry,
 * with a lock of libc's (malloc's). Who waits, or holds still, isn't. (A sleeper who was woken, and came too late for
 * the lock, sleeps anew: its owner may be one who ran before.)
 */
static int is_starved(const struct hope *h, struct record *r)
{
    if (waits(r) || r->held)
        return 0;
    int64_t run = proc_run_time(r->tid);
    if (r->watch.asked_in != h->sleep) {
        r->watch.asked_in = h->sleep;
        r->watch.run_asked = run;
    }
    return run >= 0 && run - r->watch.run_asked < HARDLY_NS && hope_runs(r);
}

/*
 * Asleep inside a libc function, or in the middle of something: on a lock of libc's, perhaps, that another thread
 * in such a function holds, or one in a function without an entry.
 */
static int waits_unseen(const struct hope *h, const struct record *r)
{
    int in_libc = entry_kind(held_newest(r)) == KIND_LIBC;
    for (struct record *q = record_first(); q; q = record_next(q)) {
        if (q == r || q == h->me || record_is_ghost(q))
            continue;
        int is_inside = entry_kind(held_newest(q)) == KIND_LIBC && !q->watch.given_up && !q->held;
        if ((in_libc && is_inside && hope_runs(q)) || is_starved(h, q))
            return 1;
    }
    return 0;
}

/* Its newest wait is for the lock that a runtime's threads share, and we don't have it ourselves. */
static int waits_for_runtime(const struct hope *h, const struct record *r)
{
    uintptr_t site = ((struct record *)r)->wait >> 2;
    return !h->has_lock && entry_kind(held_newest(r)) == KIND_CONDITION &&
           runtime_calls((const void *)site);
}

int hope_of(const struct hope *h, const struct record *r)
{
    entry wanted = held_newest(r);
    CHAOS("await: for whom it waits");
    const void *lock = entry_object(wanted);
    enum kind kind = entry_kind(wanted);
    int moves = 0;
    if (kind == KIND_LIBC || (!(wanted & ENTRY_TRY) && !r->wait))
        return waits_unseen(h, r);
    if (waits_for_runtime(h, r))
        return h->in_time;
    int waits_for_signal = kind == KIND_CONDITION && ((struct record *)r)->wait;
    if (!(wanted & ENTRY_TRY) || !lock || waits_for_signal || kind == KIND_BARRIER)
        return 0;
    for (struct record *q = record_first(); q; q = record_next(q)) {
        entry e = q == r || record_is_ghost(q) ? 0 : held_entry(q, lock);
        if (e && !(e & ENTRY_TRY)) {
            if (q == h->me || (q->held && !hope_runs(q)) || q->watch.given_up || e & ENTRY_CHRONIC)
                return 0;
            moves = 1;
        }
        moves = moves || (e && !q->held_in_handler && hope_runs(q)); /* in there it runs to look at the gate */
    }
    return moves;
}

int hope_of_held(struct record *r)
{
    struct record *q = record_first();
    while (q && (!q->held || record_is_ghost(q)))
        q = record_next(q);
    int64_t run = proc_run_time(r->tid);
    if (!q || run < 0 || run == r->helped_run_time || hope_runs(r))
        return 0;
    r->helped_run_time = run;
    return 1;
}
