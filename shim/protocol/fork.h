/* A fork, step by step: F1 to F9 of DESIGN.md section 5. */
#ifndef HOLDSTILL_FORK_H
#define HOLDSTILL_FORK_H

#include <sys/types.h>

/* Registers our fork handlers, the first ones of the process. */
void fork_start(void);

/* As __register_atfork, except that handlers of libraries in option skip_atfork are left out. */
int fork_register(void (*prepare)(void), void (*parent)(void), void (*child)(void), void *dso);

/* fork(2) by libc's function `real`, with all other threads still. Errors as fork(2). */
pid_t fork_still(pid_t (*real)(void));

/*
 * For a runtime that knows of a fork earlier than we do, by a thread that holds its lock: F1 to F3. Who
 * gives the lock to others since asks again; 0: nothing was to be done.
 * fork_give_up: it is over, or didn't come.
 */
int fork_begin_early(void);
void fork_give_up(void);

#endif
