/* An exit, step by step: E1 to E7 of DESIGN.md section 6. */
#ifndef HOLDSTILL_EXIT_H
#define HOLDSTILL_EXIT_H

#include "base/libc.h"
#include "core/threads.h"

/* Registers our exit handler, the first one of the process and so the last to run. */
void exit_start(void);

/*
 * E1 to E4, for a call at this place (NULL: unknown): returns when the caller is the exiting thread and the others were joined or hold
 * still; doesn't return in a thread that came second. At once in a thread that is in exit already.
 * Returns 0 where the shim is off or holds nobody, and in a child of vfork.
 */
int exit_prepare(const void *site);

/*
 * The same for a thread that ends the process by exit, with this status, which it returns. Doesn't
 * return where libc's exit is left out: by option, or because its lock is lost.
 */
int exit_begin(int status, const void *site);

/* The same for a handler that libc runs with this status; returns the one that counts. */
int exit_reached(int status);

/* The status of the exit that goes on. */
int exit_status(void);

/* Flushes what can be flushed and ends the process at once. Async-signal-safe. */
_Noreturn void exit_leave(int status);

/*
 * For a runtime that ends before the process does, or in its place: E4 alone; those who pass
 * (record's `pass`) are spared. Nothing if an exit is under way. And its end, if the process lives on.
 */
void exit_hold_early(void);
void exit_goes_on(void);

/* main's return as a call of exit; for __libc_start_main. */
main_function *exit_wrap_main(main_function *main);

/* In a child whose only thread is me: nobody exits. */
void exit_forget(const struct record *me);

/* Is this thread the one that exits? */
int exit_is_mine(const struct record *me);

#endif
