/*
 * Exit handlers, wrapped one by one: an exit that passed no door of ours is noticed when its first
 * handler runs, and every handler that ends is progress.
 */
#ifndef HOLDSTILL_HANDLERS_H
#define HOLDSTILL_HANDLERS_H

#include "base/undeclared.h"

/* As __cxa_atexit and on_exit, whose results these are. */
int handlers_add(exit_function *function, void *argument, void *dso);
int handlers_add_on_exit(void (*function)(int, void *), void *argument);

/* Registers a function of ours. */
int handlers_add_unwrapped(exit_function *function);

/* Runs a library's handlers, as __cxa_finalize: no exit begins by it. */
void handlers_finalize(void *dso);

#endif
