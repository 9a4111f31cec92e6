/*
 * One look of the owner of a closed gate at one thread: is it still, will it be, or is it given up?
 * For await.c, which looks at all of them again and again.
 */
#ifndef HOLDSTILL_LOOK_H
#define HOLDSTILL_LOOK_H

#include "base/stopwatch.h"
#include "gate.h"
#include "hope.h"

enum {
    SPINS = 200,     /* rounds without a pause of the kernel's */
    YIELDS = 20,     /* then so many that yield */
    ASLEEP_US = 3000 /* asleep so long without running: given up */
};

struct awaiting {
    struct hope hope;
    uint32_t which;
    int64_t limit;
    struct stopwatch clock;
    int64_t seen;        /* the time that we spent looking: see look_tick */
    int64_t quiet_since; /* EXIT: since then nobody moved who could wake somebody; or 0 */
    int round;
    struct record *first; /* those about whom not all is said, linked by next_awaited */
    int moving, given_up;
    int needs_held; /* FORK: somebody sleeps for what those who hold still may have */
    int openings;
};

enum verdict { MOVING, LOOKS_STILL, STILL, GONE, GIVEN_UP };

enum verdict look(struct awaiting *a, struct record *r);

/* The kinds of entries that don't count, a bit each. */
unsigned look_ignored(const struct awaiting *a);

/* Time goes by: `clock` by the clock, `seen` as far as we had a CPU. */
void look_tick(struct awaiting *a);

/* EXIT: does somebody else have to end its sleep? */
int look_waits_for_others(const struct record *r);

/* Does r, who was busy, sleep on with this run time (0: no)? Notes it in r. */
int look_still_stuck(struct record *r, int64_t run);

/* Is it past the limit of those who get no CPU? */
int look_is_late(const struct awaiting *a, int busy);

/* May the gate open for those who hold still, and are needed? */
int look_may_open(const struct awaiting *a);

#endif
