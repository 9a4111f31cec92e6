/* A signal for the shim's own use: a real-time one for which the program has no handler. */
#ifndef HOLDSTILL_SIGNALS_H
#define HOLDSTILL_SIGNALS_H

#include <signal.h>

/*
 * Installs a handler (SA_SIGINFO, SA_RESTART, SA_ONSTACK) for one that is free, the highest. Returns
 * the signal's number; 0: the program uses them all.
 */
int signals_take(void (*handler)(int, siginfo_t *, void *));

/* Ends the process: as abort does, whatever is set for its signal, or with this status at once. */
_Noreturn void signals_end(int by_abort, int status);

/* Lets the calling thread have it, whatever it blocks. */
void signals_unblock(int number);

#endif
