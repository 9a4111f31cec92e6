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

void wait_returned(struct record *me) { site_of(me, me->wait >> 2)->returns++; }

void wait_owner_left(struct waiting *w)
{
    w->saved_errno = errno;
    gate_owner_waited(w->me, w->progress, w->kind == WAIT_SLEEP);
    if (w->progress)
        await_again(w->me);
    errno = w->saved_errno;
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
