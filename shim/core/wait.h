/* Waiting: what a thread's record says while libc may put it to sleep. */
#ifndef HOLDSTILL_WAIT_H
#define HOLDSTILL_WAIT_H

#include "gate.h"

enum wait_kind {
    WAIT_NONE,
    WAIT_UNTIMED, /* until somebody else does something */
    WAIT_TIMED,
    WAIT_SLEEP, /* timed, and nothing can come of it */
    WAIT_OUTSIDE = 4 /* or-ed to the kind: for a descriptor, another process, or time */
};

struct waiting {
    struct record *me; /* NULL: the shim is off */
    uintptr_t previous;
    enum wait_kind kind;
    int owner;    /* I closed a gate */
    int progress; /* set by the caller: something came of it */
    int saved_errno;
};

/* What is rare when a wait returns: it was timed; its thread owns a gate. */
void wait_returned(struct record *me);
void wait_owner_left(struct waiting *w);

/* Bookkeeping alone: no safepoint. For callers with entries of their own. wait_note: this wait isn't
   one for somebody whom a gate may hold. */
INLINED void wait_note(struct waiting *w, struct record *me, enum wait_kind kind, const void *site)
{
    w->me = me;
    w->kind = kind & ~WAIT_OUTSIDE;
    w->owner = w->progress = 0;
    if (!me)
        return;
    atomic_store_explicit(&me->wait_began, 0, memory_order_relaxed);
    w->previous = atomic_load_explicit(&me->wait, memory_order_relaxed);
    CHAOS("wait: before it is noted");
    atomic_store_explicit(&me->wait, (uintptr_t)site << 2 | w->kind, memory_order_release);
}

INLINED void wait_enter(struct waiting *w, struct record *me, enum wait_kind kind, const void *site)
{
    wait_note(w, me, kind, site);
    if (me && UNLIKELY(me->owns != 0) && w->kind != WAIT_NONE) {
        w->owner = 1;
        gate_owner_waits(me, kind & WAIT_OUTSIDE);
    }
}

static inline void wait_leave(struct waiting *w)
{
    struct record *me = w->me;
    if (!me)
        return;
    if (w->kind >= WAIT_TIMED)
        wait_returned(me);
    CHAOS("wait: returned");
    atomic_store_explicit(&me->wait, w->previous, memory_order_release);
    CHAOS("wait: left");
    if (UNLIKELY(w->owner))
        wait_owner_left(w);
}

/* A wait of the program: a safepoint for EXIT on entry and on return. */
void wait_begin(struct waiting *w, enum wait_kind kind, const void *site);
void wait_end(struct waiting *w);

/* The same for a wait on a descriptor that may be ready at once, which is no wait then. */
void wait_begin_fd(struct waiting *w, int fd, short events, const void *site);

/* Has this record's wait returned from its call site several times before: housekeeping? */
int wait_is_housekeeping(const struct record *r);

static inline enum wait_kind wait_kind_of(const struct record *r)
{
    return (enum wait_kind)(((struct record *)r)->wait & 3);
}

/*
 * For doors: declares a wait that ends with its scope, by cancellation and unwinding too.
 *     WAITING(WAIT_TIMED);
 *     return WAITED(libc.poll(fds, count, timeout), > 0);
 */
#define WAITING_SCOPE(begin, ...)                                                               \
    struct waiting waiting __attribute__((cleanup(wait_end)));                                  \
    begin(&waiting, __VA_ARGS__, __builtin_return_address(0))
#define WAITING(kind) WAITING_SCOPE(wait_begin, (kind) | WAIT_OUTSIDE)
#define WAITING_FOR(fd, events) WAITING_SCOPE(wait_begin_fd, fd, events)
#define WAITED(call, success)                                                                   \
    ({                                                                                          \
        __auto_type waited_ = (call);                                                           \
        waiting.progress = waited_ success;                                                     \
        waited_;                                                                                \
    })

#endif
