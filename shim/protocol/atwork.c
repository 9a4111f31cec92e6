#include "atwork.h"

#include "base/options.h"
#include "base/proc.h"
#include "base/report.h"
#include "base/stopwatch.h"
#include "base/sys.h"
#include "core/openmp.h"
#include "core/wait.h"

enum { FIRST_POLL_US = 30, LAST_POLL_US = 1000 };
enum { STARVED_FOR = 4, FAIR_SHARE = 8 }; /* times as long, for who gets less than an eighth of a CPU */

/* GUESS: nothing proves that it works or that it idles. */
enum verdict { ENDED, IDLE, GUESS, WORK };

/* Nothing says what it does: it works if it ran since the last look. */
static enum verdict guess(struct record *r)
{
    int64_t run = proc_run_time(r->tid), before = r->watch.asleep_run;
    r->watch.asleep_run = run;
    return run == before ? GUESS : WORK;
}

/*
 * The kernel knows in what it sleeps. A timed wait is work if it may end by itself before we stop
 * waiting: one that has returned from the same place several times before is housekeeping, and one
 * that lasts longer than we wait is as good as untimed.
 */
static enum verdict judge_sleep(struct record *r, int64_t limit_us)
{
    int64_t left;
    if (wait_kind_of(r) == WAIT_UNTIMED ||
        (wait_kind_of(r) != WAIT_NONE && !r->meant_to_end && wait_is_housekeeping(r)))
        return IDLE;
    switch (proc_doing(r->tid, r->wait_began, &left)) {
    case DOING_RUN: return WORK;
    case DOING_UNTIMED_WAIT: return IDLE;
    case DOING_TIMED_WAIT: return left > limit_us ? IDLE : WORK;
    default: return wait_kind_of(r) != WAIT_NONE ? WORK : guess(r);
    }
}

static enum verdict judge(struct record *r, int64_t limit_us)
{
    if (!record_alive(r))
        return ENDED;
    if (r->class == CLASS_JOINED)
        return WORK;
    if (record_state(r) == RECORD_STARTING)
        return WORK;
    if (r->held || r->queued)
        return IDLE;
    switch (proc_state(r->tid)) {
    case STATE_GONE: return ENDED;
    case STATE_UNKNOWN:
    case 'S': return judge_sleep(r, limit_us);
    default: return openmp_is_idle(r) ? IDLE : WORK;
    }
}

static int is_joined(struct record *r, enum whom whom)
{
    if (whom == MEANT_TO_END)
        return r->meant_to_end;
    return r->class == CLASS_JOINED || (r->class == CLASS_BY_RULE && r->joinable);
}

static enum verdict busiest(const struct record *me, enum whom whom, int64_t limit_us)
{
    enum verdict worst = ENDED;
    for (struct record *r = record_first(); r; r = record_next(r)) {
        if (r == me || record_is_ghost(r) || !is_joined(r, whom))
            continue;
        enum verdict v = judge(r, limit_us);
        if (v > worst)
            worst = v;
        if (worst == WORK)
            break;
    }
    return worst;
}

static void note_run_times(void)
{
    for (struct record *r = record_first(); r; r = record_next(r))
        r->watch.run_began = proc_run_time(r->tid);
}

/* Does somebody want to run who was hardly given a CPU in all that time? */
static int starves(const struct record *me, enum whom whom, int64_t waited_us)
{
    for (struct record *r = record_first(); r; r = record_next(r)) {
        int64_t run = proc_run_time(r->tid);
        if (r != me && !record_is_ghost(r) && is_joined(r, whom) && run >= 0 &&
            run - r->watch.run_began < waited_us * 1000 / FAIR_SHARE && proc_state(r->tid) == 'R' && !openmp_is_idle(r))
            return 1;
    }
    return 0;
}

void join_threads_at_work(const struct record *me, enum whom whom, int64_t limit_us)
{
    struct stopwatch watch = stopwatch_start();
    int64_t waited = 0, worked = 0;
    long poll_us = FIRST_POLL_US;
    note_run_times();
    for (;;) {
        enum verdict v = busiest(me, whom, limit_us - waited);
        waited = stopwatch_look(&watch);
        if (v == WORK)
            worked = waited;
        if (v <= IDLE || waited >= limit_us * STARVED_FOR ||
            (waited >= limit_us && !starves(me, whom, waited)) ||
            (v == GUESS && waited - worked >= options.exit_idle_ms))
            break;
        sys_sleep_us(poll_us);
        poll_us = poll_us * 2 < LAST_POLL_US ? poll_us * 2 : LAST_POLL_US;
    }
    report_count(&report.joined_us, waited);
}
