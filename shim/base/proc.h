/*
 * What the kernel says of another thread of this process (proc(5), clock_getres(2)). All functions are
 * async-signal-safe, keep errno and use one descriptor for a moment.
 */
#ifndef HOLDSTILL_PROC_H
#define HOLDSTILL_PROC_H

#include <stdint.h>

enum { STATE_UNKNOWN = 0, STATE_GONE = 'X' };

/*
 * The state letter of proc(5): R running, S asleep, D in the kernel ...; STATE_GONE when there is
 * no such thread (a zombie counts as gone), STATE_UNKNOWN when /proc can't be read.
 */
int proc_state(int tid);

/* Nanoseconds that the thread has run so far, without need of /proc; -1: there is none. */
int64_t proc_run_time(int tid);

enum doing { DOING_UNKNOWN, DOING_RUN, DOING_UNTIMED_WAIT, DOING_TIMED_WAIT, DOING_OTHER };

/*
 * What a thread does in the kernel, by its system call and arguments. For a timed wait *left_us is
 * how long it still lasts if nothing ends it; where the limit is a duration, it is counted from
 * began_us (0: unknown, so from now).
 */
enum doing proc_doing(int tid, int64_t began_us, int64_t *left_us);

#endif
