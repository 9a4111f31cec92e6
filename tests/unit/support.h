/* What the unit tests share: the internals awake without doors, and threads in known states. */
#ifndef HOLDSTILL_TEST_SUPPORT_H
#define HOLDSTILL_TEST_SUPPORT_H

#include <criterion/criterion.h>
#include <pthread.h>

#include "core/threads.h"

/* Resolves, probes, sets the default options, and makes the calling thread's record. */
struct record *awake(void);

/* A thread with a record, which sleeps in the kernel until it is dismissed. */
struct sleeper {
    pthread_t thread;
    struct record *record;
    _Atomic int ready, dismissed;
};
void sleeper_start(struct sleeper *s);
void sleeper_end(struct sleeper *s);

/* As r would enter it, by its record and by the mutex. */
void enter_section(struct record *r, pthread_mutex_t *m);

/* Handlers of this signal hold still. */
void hold_still_at(int number);

/* A thread that goes on when it is told to, and says when it came through. */
struct walker {
    pthread_t thread;
    struct record *_Atomic record;
    _Atomic int go, through;
};

/* Wants to run for so long by the clock. */
void spin_for(int us);

/* Waits until `condition` holds; the test's own time limit ends it otherwise. */
#define UNTIL(condition)                                                                        \
    while (!(condition))                                                                        \
    sys_sleep_us(100)

#endif
