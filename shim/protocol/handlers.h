/*
 * Exit handlers, wrapped one by one: an exit that passed no door of ours is noticed when its first
 * handler runs, and every handler that ends is progress.
 */
#ifndef HOLDSTILL_HANDLERS_H
#define HOLDSTILL_HANDLERS_H

#include "base/undeclared.h"
#include "core/threads.h"

/* As __cxa_atexit, on_exit and __cxa_at_quick_exit, whose results these are. */
int handlers_add(exit_function *function, void *argument, void *dso);
int handlers_add_on_exit(void (*function)(int, void *), void *argument);
int handlers_add_quick(void (*function)(void *), void *dso);

/* Registers a function of ours. */
int handlers_add_unwrapped(exit_function *function);

/*
 * The exiting thread is in libc's list of handlers, from E5 on whenever no handler runs: forks wait
 * for the next handler.
 */
void handlers_enter_list(void);

/* All that are left, as exit runs them, but without exit's lock; libc tells them no status. */
void handlers_run_rest(void);

/* Does what was registered in this generation of the process run here? */
int handlers_are_mine(unsigned generation);

/* Is any handler registered? */
int handlers_any(void);

/* Runs a library's handlers, as __cxa_finalize: no exit begins by it. */
void handlers_finalize(void *dso);

#endif
