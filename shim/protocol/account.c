#include "account.h"

#include "base/ledger.h"
#include "base/options.h"
#include "base/proc.h"
#include "base/report.h"
#include "base/sys.h"
#include "base/trace.h"
#include "core/blame.h"
#include "core/openmp.h"
#include "core/wait.h"
#include "handlers.h"

enum { CHILDREN_US = 100 * 1000, LOOK_US = 200, FEWEST_LOOKS = 10, LOOKS = 5000 };

/* Where a thread sits, as far as its record knows. */
static const void *place_of(const struct record *r)
{
    if (((struct record *)r)->wait)
        return (const void *)(((struct record *)r)->wait >> 2);
    for (int i = r->taken && r->nested < SLOTS ? (int)r->nested : -1; i >= 0; i--)
        if (held_get(r, i) & ~ENTRY_MARKS)
            return r->taken[i];
    return NULL;
}

static struct kept_thread *kept(const struct record *r)
{
    for (uint32_t i = 0; i < ledger->threads; i++)
        if (ledger->thread[i].tid == ((struct record *)r)->tid)
            return &ledger->thread[i];
    return NULL;
}

void account_begins(const struct record *me)
{
    if (!ledger)
        return;
    ledger->threads = 0;
    for (struct record *r = record_first(); r; r = record_next(r)) {
        if (r == me || record_is_ghost(r) || record_state(r) != RECORD_LIVE || !record_alive(r))
            continue;
        if (ledger->threads == THREADS_KEPT) {
            ledger->threads_lost++;
            continue;
        }
        proc_name(r->tid, r->name, sizeof r->name);
        struct kept_thread *t = &ledger->thread[ledger->threads++];
        *t = (struct kept_thread){.tid = r->tid, .joinable = r->joinable, .end = END_JOINED,
                                  .run = proc_run_time(r->tid)};
        t->start = r->start ? (const void *)r->start : (const void *)r->start_c11;
        __builtin_memcpy(t->name, r->name, sizeof t->name);
    }
}

static void tell_beside(const struct record *r)
{
    struct finding f = {.kind = FOUND_BESIDE, .pid = sys_getpid(), .at = place_of(r),
                        .what = r->joinable ? "joined by nobody" : "detached"};
    blame_thread(&f, r);
    ledger_tell(&f);
}

static int runs(const struct record *r)
{
    return proc_state(((struct record *)r)->tid) == 'R' && !openmp_is_idle(r);
}

static void tell_trace(const struct kept_thread *t)
{
    static const char *const ends[] = {
        [END_JOINED] = "joined", [END_STILL] = "still", [END_LEFT] = "runs on"};
    TRACE(.phase = TRACE_NAME, .tid = t->tid, .text = t->name);
    TRACE(.phase = TRACE_INSTANT, .name = "exit", .category = "exit", .tid = t->tid,
          .text = ends[t->end], .place = t->at);
}

/* For each thread that was listed and lives: what it does now. */
static void each_alive(const struct record *me, void (*act)(struct record *, struct kept_thread *))
{
    for (struct record *r = ledger ? record_first() : NULL; r; r = record_next(r)) {
        struct kept_thread *t = r == me || record_is_ghost(r) ? NULL : kept(r);
        if (!t || !record_alive(r) || proc_state(r->tid) == STATE_GONE)
            continue;
        t->at = place_of(r);
        act(r, t);
    }
    for (uint32_t i = 0; trace_is_on && ledger && i < ledger->threads; i++)
        tell_trace(&ledger->thread[i]);
}

static void look_still(struct record *r, struct kept_thread *t)
{
    t->end = !r->held && runs(r) ? END_LEFT : END_STILL;
    if (t->end == END_LEFT && r->class != CLASS_LEFT)
        tell_beside(r);
}

void account_still(const struct record *me) { each_alive(me, look_still); }

/*
 * A thread that is about to end, or to sleep, is in nobody's way, and a joinable one may be joined by a
 * handler: it is looked at again when all have run.
 */
static int works_on(struct record *r)
{
    int64_t before = proc_run_time(r->tid);
    for (int looks = 0; looks < LOOKS; looks++) {
        sys_sleep_us(LOOK_US);
        if (!record_alive(r) || !runs(r))
            return 0;
        if (looks >= FEWEST_LOOKS && proc_run_time(r->tid) > before)
            return 1;
    }
    return 0;
}

static void look_unheld(struct record *r, struct kept_thread *t)
{
    t->end = runs(r) ? END_LEFT : END_STILL;
    if (t->end == END_LEFT && !r->joinable && handlers_any() && works_on(r))
        tell_beside(r);
}

void account_unheld(const struct record *me) { each_alive(me, look_unheld); }

static void look_at_end(struct record *r, struct kept_thread *t)
{
    int64_t run = proc_run_time(r->tid);
    if (run > t->run)
        t->end = END_LEFT;
    if (t->end == END_LEFT && run > t->run && report.handlers && (r->joinable || works_on(r)))
        tell_beside(r);
}

void account_ends(const struct record *me, int status)
{
    if (!ledger)
        return;
    ledger->status = status;
    if (!mode_closes())
        each_alive(me, look_at_end);
    if (options.mode == MODE_OBSERVE)
        ledger_await_children(CHILDREN_US);
}

void account_second(const struct record *me, const void *site)
{
    static const struct record *known; /* its handlers come here again */
    struct finding f = {.kind = FOUND_EXITS, .pid = sys_getpid(), .at = site};
    if (!ledger || known == me)
        return;
    known = me;
    blame_thread(&f, me);
    proc_name(f.tid, f.thread, sizeof f.thread);
    ledger_tell(&f);
}

void account_handler(const void *function, int64_t us, int inherited)
{
    if (!ledger)
        return;
    ledger_handler(function, us);
    if (inherited)
        ledger_tell(&(struct finding){.kind = FOUND_INHERITED, .pid = sys_getpid(), .at = function});
}

int account_status(int status)
{
    int asked = options.mode == MODE_OBSERVE && ledger && ledger->hazards ? (int)options.error_exitcode : 0;
    return asked ? asked : status;
}
