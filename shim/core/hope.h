/* Will a thread that sleeps in the middle of something get what it sleeps for? Asked by the owner of a closed gate. */
#ifndef HOLDSTILL_HOPE_H
#define HOLDSTILL_HOPE_H

#include "held.h"

struct hope {
    const struct record *me; /* the owner */
    int64_t sleep;           /* another number for each sleep that began, in this closing or an earlier one */
    int has_lock;            /* the owner holds a runtime's lock */
    int in_time;             /* a thread may wait for that one still */
};

/* Wants to run, or is at work in the kernel (it starts a process, or waits for a disk). */
int hope_runs(const struct record *r);

/* Is it in the same sleep as when it had run for so long (ns; 0: there was none)? */
int hope_sleeps_on(const struct record *r, int64_t run);

/*
 * Does r wait for a lock that it will get? That is, one whose holder may still come to rest (who holds
 * still has a semaphore at most, at EXIT, or runs in a signal handler, which will give it back), or that
 * somebody is just taking who will find the gate closed and give it back. The newest entry tells;
 * a condition and a barrier are waited for without hope, but who signals or broadcasts waits for
 * those only who were woken before and have yet to leave. Who sleeps for no lock that an entry tells may do so
 * for one of libc's, and gets it if its owner may be somebody who wants to run.
 */
int hope_of(const struct hope *h, const struct record *r);

/*
 * r would be given up. May somebody who holds still end its sleep, if he goes on? He may be in a signal handler, which
 * came in the middle of a function without an entry, or before he could say that he was given a lock. Yes once a sleep:
 * helped_run_time is that sleep's then.
 */
int hope_of_held(struct record *r);

#endif
