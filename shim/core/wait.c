#include "wait.h"

#include <errno.h>
#include <poll.h>

#include "await.h"
#include "base/sys.h"

enum { HOUSEKEEPING_RETURNS = 2 };

static struct site *site_of(struct record *r, uintptr_t address)
{
    struct site *s = &r->sites[(address >> 2) % SITES];
    if (s->address != address) {
        s->address = address;
        s->returns = 0;
    }
    return s;
}

int wait_is_housekeeping(const struct record *r)
{
    uintptr_t address = ((struct record *)r)->wait >> 2;
    const struct site *s = &r->sites[(address >> 2) % SITES];
    return s->address == address && s->returns >= HOUSEKEEPING_RETURNS;
}

void wait_note(struct waiting *w, struct record *me, enum wait_kind kind, const void *site)
{
    *w = (struct waiting){.me = me, .kind = kind & ~WAIT_OUTSIDE};
    if (!me)
        return;
    atomic_store_explicit(&me->wait_began, 0, memory_order_relaxed);
    w->previous = atomic_load_explicit(&me->wait, memory_order_relaxed);
    CHAOS("wait: before it is noted");
    atomic_store_explicit(&me->wait, (uintptr_t)site << 2 | w->kind, memory_order_release);
}

void wait_enter(struct waiting *w, struct record *me, enum wait_kind kind, const void *site)
{
    wait_note(w, me, kind, site);
    if (me && __builtin_expect(me->owns != 0, 0) && w->kind != WAIT_NONE) {
        w->owner = 1;
        gate_owner_waits(me, kind & WAIT_OUTSIDE);
    }
}

void wait_leave(struct waiting *w)
{
    struct record *me = w->me;
    if (!me)
        return;
    if (w->kind >= WAIT_TIMED)
        site_of(me, me->wait >> 2)->returns++;
    CHAOS("wait: returned");
    atomic_store_explicit(&me->wait, w->previous, memory_order_release);
    CHAOS("wait: left");
    if (__builtin_expect(w->owner, 0)) {
        w->saved_errno = errno;
        gate_owner_waited(me, w->progress, w->kind == WAIT_SLEEP);
        if (w->progress)
            await_again(me);
        errno = w->saved_errno;
    }
}

void wait_begin(struct waiting *w, enum wait_kind kind, const void *site)
{
    struct record *me = record_self();
    if (me)
        gate_safepoint(me);
    CHAOS("wait: past the gate");
    wait_enter(w, me, kind, site);
    if (me && w->kind >= WAIT_TIMED)
        atomic_store_explicit(&me->wait_began, sys_now_us(), memory_order_relaxed);
}

void wait_end(struct waiting *w)
{
    wait_leave(w);
    if (w->me)
        gate_safepoint(w->me);
}

void wait_begin_fd(struct waiting *w, int fd, short events, const void *site)
{
    struct record *me = record_self();
    enum wait_kind kind = WAIT_UNTIMED;
    if (me && __builtin_expect(me->owns != 0, 0)) {
        struct pollfd p = {fd, events, 0};
        struct timespec now = {0, 0};
        if (sys_call(SYS_ppoll, (long)&p, 1, (long)&now, 0, 0, 0) > 0)
            kind = WAIT_NONE;
    }
    wait_begin(w, kind | WAIT_OUTSIDE, site);
}
