#include "gate_exit.h"

#include <limits.h>

#include "base/options.h"
#include "base/proc.h"
#include "base/report.h"
#include "base/sys.h"

enum {
    STALL_LOOK_US = 5 * 1000, /* a held thread looks at the exiting one so often */
    STALL_LOOKS = 5           /* so many more looks see it asleep than not */
};

/* What the held threads know of the exiting one; written by the owner of the EXIT gate alone. */
static struct {
    struct record *_Atomic owner;
    _Atomic int64_t progress;   /* when it last got on */
    _Atomic int64_t ran;        /* its run time then */
    _Atomic int64_t wait_since; /* since when it waits, or sleeps again and again; 0: it doesn't */
    _Atomic int let_go;         /* some may have gone on while it waited */
    _Atomic int needs_others;   /* the thread that it joins waits for others */
    _Atomic int outside;        /* that wait is for what isn't in this process: see patience */
    _Atomic int early;          /* a runtime ends, the process doesn't yet */
    int64_t slept;              /* since the last progress */
    int64_t began;              /* of the wait that it is in */
} exiting AT_FORK;

void gate_exit_owned(struct record *me)
{
    exiting.owner = me;
    gate_progress();
}

IN_CHILD void gate_exit_reset(void)
{
    exiting.wait_since = 0;
    exiting.slept = 0;
    exiting.early = 0;
}

/*
 * A lock that the exiting thread waits for is sooner or later a held thread's. When a runtime ends,
 * its held threads wait for nothing but the runtime, and what comes over a descriptor, or from
 * another process, is not theirs to give.
 */
static int64_t patience(void)
{
    int64_t longer = options.stall_ms > options.grace_ms ? options.stall_ms : options.grace_ms;
    return exiting.early && exiting.outside ? longer : options.grace_ms;
}

/*
 * Who was let go looked at the clock before he saw the wait; he may have been on his way since, and
 * be about to take a lock. So its end is stored before the clock is read, and what he may have seen
 * is what counts.
 */
static void end_wait(void)
{
    int64_t since = atomic_exchange(&exiting.wait_since, 0);
    if (since && sys_now_us() - since >= patience())
        exiting.let_go = 1;
}

void gate_progress(void)
{
    exiting.slept = 0;
    end_wait();
    exiting.needs_others = 0;
    exiting.progress = sys_now_us();
    exiting.ran = proc_run_time(exiting.owner->tid);
}

/*
 * A thread that wants to run, but gets no CPU, sleeps for a moment now and then: asleep is who was
 * seen so more often than not.
 */
static int is_asleep(struct record *me, int64_t now)
{
    int64_t progress = exiting.progress;
    if (me->stall.of != progress) {
        me->stall.of = progress;
        me->stall.looked = me->stall.asleep = 0;
    }
    if (now - me->stall.looked >= STALL_LOOK_US) {
        int state = proc_state(exiting.owner->tid), wants = state == 'R' || state == 'D';
        me->stall.looked = now;
        me->stall.asleep += wants ? -(me->stall.asleep > 0) : 1;
    }
    return me->stall.asleep >= STALL_LOOKS;
}

/* On a loaded machine it had no stall_ms of CPU since it last got on. */
static int is_starved(int64_t since)
{
    return since < options.stall_ms * STARVED_FACTOR &&
           proc_run_time(exiting.owner->tid) - exiting.ran < options.stall_ms * 1000;
}

int gate_exit_lets_go(struct record *me)
{
    if (me->pass)
        return 1;
    if (exiting.owner->awaiting)
        return 0; /* E4 has limits of its own */
    int64_t now = sys_now_us(), since = exiting.wait_since;
    if (exiting.needs_others || (since && now - since >= patience()))
        return 1;
    int64_t stalled = now - exiting.progress;
    int asleep = stalled >= options.stall_ms / 2 && is_asleep(me, now);
    if (stalled < options.stall_ms || (!asleep && is_starved(stalled)))
        return 0;
    if (atomic_load(&gate) & GATE_EXIT)
        report_count(&report.stalls, 1);
    gate_open(GATE_EXIT); /* E6 */
    return 1;
}

void gate_runtime_ends(int early) { exiting.early = early; }

void gate_owner_waits(struct record *me, int outside)
{
    if (me->owns & GATE_FORK)
        gate_open(GATE_FORK);
    if (!(me->owns & GATE_EXIT))
        return;
    CHAOS("gate: its owner waits");
    exiting.began = sys_now_us();
    exiting.outside = outside;
    if (!exiting.wait_since)
        exiting.wait_since = exiting.began;
}

/* Sleeps add up until something gets on: a loop of short ones is a wait, a short one alone none. */
void gate_owner_waited(struct record *me, int progress, int was_sleep)
{
    if (!(me->owns & GATE_EXIT))
        return;
    if (progress) {
        gate_progress();
        return;
    }
    if (!was_sleep)
        return;
    exiting.slept += sys_now_us() - exiting.began;
    if (exiting.slept < options.grace_ms)
        exiting.wait_since = 0;
}

int gate_let_some_go(const struct record *me)
{
    if (!me || !(((struct record *)me)->owns & GATE_EXIT) || !(gate & GATE_EXIT))
        return 0;
    end_wait();
    return atomic_exchange(&exiting.let_go, 0);
}

void gate_needs_others(void)
{
    CHAOS("gate: others are needed");
    exiting.let_go = 1;
    exiting.needs_others = 1;
    gate_tell(INT_MAX);
}

void gate_let_pass(struct record *r)
{
    r->pass = 1;
    CHAOS("gate: one may pass");
    if (gate & GATE_EXIT)
        gate_tell(INT_MAX);
}
