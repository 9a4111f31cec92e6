/*
 * What the kernel says of another thread of this process (proc(5), clock_getres(2)). All functions are
 * async-signal-safe, keep errno and use one descriptor for a moment.
 */
#ifndef HOLDSTILL_PROC_H
#define HOLDSTILL_PROC_H

#include <stddef.h>
#include <stdint.h>

enum { STATE_UNKNOWN = 0, STATE_GONE = 'X' };

/* Does /proc tell of this process's threads, by the numbers that they have here? */
int proc_is_there(void);

/*
 * The state letter of proc(5): R running, S asleep, D in the kernel ...; STATE_GONE when there is
 * no such thread (a zombie counts as gone), STATE_UNKNOWN when /proc can't be read.
 */
int proc_state(int tid);

/* Does this process, pid, still have the thread? */
int proc_has_thread(int pid, int tid);

/* What the thread is called (pthread_setname_np); "" where nobody can tell. */
void proc_name(int tid, char *name, size_t room);

/* Nanoseconds that the thread has run so far, without need of /proc; -1: unknown. */
int64_t proc_run_time(int tid);

enum doing { DOING_UNKNOWN, DOING_RUN, DOING_UNTIMED_WAIT, DOING_TIMED_WAIT, DOING_OTHER };

/* The system call that a thread sleeps in, as proc(5) has it. */
struct proc_call {
    int number;
    uint64_t arguments[6];
    uint64_t stack, code; /* its stack pointer, and where it goes on */
};
int proc_call_of(int tid, struct proc_call *call);

/* How many threads this process has, by the kernel; 0: unknown. */
int proc_threads(void);

/* The signals for which this process has handlers, a bit each; all of them if nobody can tell. */
uint64_t proc_handled_signals(void);

/* The mapping that p is in, as proc(5) has it: p private, s shared; 0: none, ?: nobody can tell. */
char proc_mapping(const void *p);

/* Has this process a timer that is armed (timer_create, setitimer, alarm)? 1 if nobody can tell. */
int proc_has_timer(void);

/*
 * What a thread does in the kernel, by its system call and arguments. For a timed wait *left_us is
 * how long it still lasts if nothing ends it; where the limit is a duration, it is counted from
 * began_us (0: unknown, so from now).
 */
enum doing proc_doing(int tid, int64_t began_us, int64_t *left_us);

#endif
