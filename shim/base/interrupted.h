/* Was the calling thread interrupted by a signal whose handler it runs? */
#ifndef HOLDSTILL_INTERRUPTED_H
#define HOLDSTILL_INTERRUPTED_H

/* Finds out where handlers return to. Before anybody asks; more than once does no harm. */
void interrupted_prepare(void);

/*
 * By its stack: libc has handlers return to code of its own, whose bytes debuggers and unwinders know it by, too. Not
 * seen are handlers with SA_NODEFER in a thread that blocks nothing, those that were installed without libc, those
 * more than 16 KiB of stack above this call; and none on other processors than x86-64. errno kept;
 * async-signal-safe.
 */
int interrupted(void);

#endif
