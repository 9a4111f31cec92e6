#include "section.h"

#include "base/proc.h"
#include "runtime.h"

/* The place of the entry; or negative. */
static int tried_for(const struct record *r)
{
    for (int i = (int)r->nested < SLOTS ? (int)r->nested : SLOTS; runtime.is_locked && i >= 0; i--) {
        entry e = held_get(r, i);
        if ((e & ENTRY_MARKS) == ENTRY_TRY && entry_kind(e) == KIND_RUNTIME &&
            runtime.is_locked(entry_object(e)))
            return i;
    }
    return PLACE_NONE;
}

int section_may_be_given(const struct record *me) { return tried_for(me) >= 0; }

/* Who holds still here can't be given the lock: the other mark says so. */
void section_pass(struct record *me, int place)
{
    entry e = held_get(me, place);
    while (gate_closed(me) & GATE_FORK && held_outermost(me, place, 0) && runtime_holds_lock()) {
        held_set(me, place, e | ENTRY_CHRONIC);
        void *state = runtime.release();
        gate_pass(me, place);
        CHAOS("section: past the gate");
        runtime.take(state);
        held_set(me, place, e);
    }
}

int section_try(struct record *me, const void *lock)
{
    gate_look_for_unseen_fork();
    int place = held_push(me, entry_of(lock, KIND_RUNTIME) | ENTRY_TRY);
    if (place == PLACE_OVER)
        held_pop(me, place);
    return place;
}

int section_claim(struct record *me, int place)
{
    entry e = held_get(me, place) & ~ENTRY_MARKS;
    CHAOS("section: before the claim");
    held_set(me, place, e);
    held_fence();
    CHAOS("section: claimed");
    if (__builtin_expect(!(gate_closed(me) & GATE_FORK), 1) || !held_outermost(me, place, 0))
        return 1;
    held_set(me, place, e | ENTRY_TRY);
    return 0;
}

/*
 * Above the entry of a lock that a thread waits for is another one while it waits for the runtime's. The
 * record is read after the state: who is woken in between can't be parked again meanwhile.
 */
int section_in_transit(struct record *r)
{
    int place = r->held ? PLACE_NONE : tried_for(r);
    if (place < 0)
        return 0;
    int asleep = proc_state(r->tid) == 'S';
    return !asleep || place != (int)r->nested || !r->wait;
}

void section_note_transits(const struct record *me)
{
    for (struct record *r = runtime.is_locked ? record_first() : NULL; r; r = record_next(r))
        if (r != me && !record_is_ghost(r))
            r->in_transit = section_in_transit(r);
}
