/*
 * Operations that are no plain lock: barriers, once-routines, guards, and libc functions that hold
 * locks of their own for as long as they run.
 */
#ifndef HOLDSTILL_OPERATE_H
#define HOLDSTILL_OPERATE_H

#include "base/libc.h"
#include "gate.h"

int wait_barrier(pthread_barrier_t *barrier, const void *site);

/* The routine counts as a critical section, the wait for another thread's doesn't. */
int run_once(pthread_once_t *control, void (*routine)(void));

/* The initialiser between acquire and end is a critical section. */
int guard_acquire(uint64_t *guard, const void *site);
void guard_end(uint64_t *guard, void (*end)(uint64_t *));

/*
 * A libc function that would leave a lock of its own locked in a child: a critical section for as
 * long as it runs, whatever ends it. `function` names it; nothing is mended.
 *
 *     BUSY(libc.setenv); return libc.setenv(name, value, overwrite);
 */
struct busy {
    struct record *me;
    int place;
};
void busy_begin(struct busy *b, void *const *function, const void *site);
void busy_end(struct busy *b);

#define BUSY(function)                                                                          \
    struct busy busy __attribute__((cleanup(busy_end)));                                        \
    busy_begin(&busy, (void *const *)&(function), __builtin_return_address(0))

/*
 * Loads the conversion of this locale (LC_GLOBAL_LOCALE too), inside of a function that is listed: libc
 * would do so at the first conversion of a character, under a lock, and those functions have no doors.
 */
void load_conversion(locale_t locale);

/* A lock of the program's own, from before it is taken until after it is released. */
void custom_begin(void *lock, void (*reset)(void *));
void custom_end(const void *lock);

#endif
