#include "acquire.h"
#include "blame.h"
#include "runtime.h"
#include "wait.h"

/* cond wait: slot |= TRY and an entry {cond, TRY}; libc's wait; pop cond; slot = m; FENCE; read
   gate; closed and outermost: give back. */
struct condition_wait {
    struct record *me;
    pthread_mutex_t *mutex;
    int mutex_place, condition_place;
    struct waiting waiting;
    pthread_cond_t *passed_on; /* a runtime's: who holds still leaves its lock to the next one */
};

static OUT_OF_LINE void hold_at_closed_gate(struct condition_wait *w)
{
    struct record *me = w->me;
    const entry e = entry_of(w->mutex, KIND_MUTEX);
    while (gate_closed(me) && gate_stops(me, w->mutex_place)) {
        held_set(me, w->mutex_place, e | ENTRY_TRY);
        if (w->passed_on)
            libc.pthread_cond_signal(w->passed_on);
        CHAOS("condition: before it is given back");
        libc.pthread_mutex_unlock(w->mutex);
        gate_hold(me);
        libc.pthread_mutex_lock(w->mutex);
        CHAOS("condition: taken again");
        held_set(me, w->mutex_place, e);
        held_fence();
    }
}

/* Runs after libc has taken the mutex again, on return and on cancellation alike. */
INLINED void condition_wait_end(struct condition_wait *w)
{
    struct record *me = w->me;
    CHAOS("condition: back");
    wait_leave(&w->waiting);
    held_pop_soon(me, w->condition_place);
    CHAOS("condition: before the claim");
    held_set(me, w->mutex_place, entry_of(w->mutex, KIND_MUTEX));
    held_fence();
    CHAOS("condition: claimed");
    if (UNLIKELY(gate_closed(me)))
        hold_at_closed_gate(w);
}

static int wait_in_libc(pthread_cond_t *c, pthread_mutex_t *m, const struct taking *t)
{
    switch (t->method) {
    case METHOD_TIMED: return libc.pthread_cond_timedwait(c, m, t->time);
    case METHOD_CLOCK: return libc.pthread_cond_clockwait(c, m, t->clock, t->time);
    default: return libc.pthread_cond_wait(c, m);
    }
}

/* The entry of the mutex that is given up, now with TRY; made here for one that was taken unseen. */
INLINED int try_again(struct record *me, pthread_mutex_t *m, const void *site)
{
    const entry e = entry_of(m, KIND_MUTEX) | ENTRY_TRY;
    int place = held_at_hand(me, entry_of(m, KIND_MUTEX));
    if (UNLIKELY(place == PLACE_NONE))
        place = held_find(me, m, KIND_MUTEX);
    if (UNLIKELY(place == PLACE_NONE)) {
        place = held_push(me, e);
        held_note(me, place, site);
    } else {
        held_set(me, place, e);
    }
    return place;
}

INLINED int list_condition(struct record *me, const pthread_cond_t *c)
{
    const entry e = entry_of(c, KIND_CONDITION) | ENTRY_TRY;
    int place = held_push_few(me, e);
    return LIKELY(place != PLACE_NONE) ? place : held_push(me, e);
}

int wait_condition(pthread_cond_t *c, pthread_mutex_t *m, const struct taking *t)
{
    struct record *me = record_self();
    if (!me)
        return wait_in_libc(c, m, t);
    gate_look_for_unseen_fork();
    struct condition_wait w __attribute__((cleanup(condition_wait_end)));
    w.me = me;
    w.mutex = m;
    w.passed_on = NULL;
    w.mutex_place = try_again(me, m, t->site);
    w.condition_place = list_condition(me, c);
    held_note(me, w.condition_place, t->site);
    if (UNLIKELY(me->owns & OWNS_GHOSTS))
        blame_condition(c, t->site);
    enum wait_kind kind = t->method == METHOD_LOCK ? WAIT_UNTIMED : WAIT_TIMED;
    if (runtime_calls(t->site)) {
        w.passed_on = c;
        runtime.mutex = m;
        wait_note(&w.waiting, me, kind, t->site); /* nobody who holds still has the runtime's lock */
    } else {
        wait_enter(&w.waiting, me, kind, t->site);
    }
    CHAOS("condition: before the wait");
    int result = wait_in_libc(c, m, t);
    w.waiting.progress = result == 0;
    return result;
}

/* The shim may be off, there may be something to tell, or little room. */
static OUT_OF_LINE int operate_slowly(pthread_cond_t *c, int (*const *operation)(pthread_cond_t *),
                                      const void *site)
{
    struct record *me = record_self();
    if (!me)
        return (*operation)(c);
    if (me->owns & OWNS_GHOSTS)
        blame_condition(c, site);
    int place = held_push(me, entry_of(c, KIND_CONDITION) | ENTRY_TRY);
    CHAOS("condition: before the slow signal");
    int result = (*operation)(c);
    CHAOS("condition: signalled slowly");
    held_pop(me, place);
    return result;
}

int operate_condition(pthread_cond_t *c, int (*const *operation)(pthread_cond_t *), const void *site)
{
    struct record *me = self;
    int place = LIKELY(me && !(me->owns & OWNS_GHOSTS))
                    ? held_push_few(me, entry_of(c, KIND_CONDITION) | ENTRY_TRY)
                    : PLACE_NONE;
    if (UNLIKELY(place == PLACE_NONE))
        return operate_slowly(c, operation, site);
    CHAOS("condition: before the signal");
    int result = (*operation)(c);
    CHAOS("condition: signalled");
    held_pop_soon(me, place);
    return result;
}
