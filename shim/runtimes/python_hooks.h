/* What the adapter puts into the interpreter: a few functions, seen by nobody who doesn't look. */
#ifndef HOLDSTILL_PYTHON_HOOKS_H
#define HOLDSTILL_PYTHON_HOOKS_H

extern const char python_source[], python_semaphore_source[], python_fork_source[],
    python_observe_source[];

/*
 * The calling thread holds the interpreter lock: puts the hooks in place, into modules that came
 * since the last call too. Keeps the error that is set.
 */
void python_install(void);

#endif
