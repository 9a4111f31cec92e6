/*
 * Debug builds only (./configure --enable-chaos): at the labels of the protocol a thread now and then
 * yields or spins shortly, so that a window of a nanosecond stands open for a while. What
 * happens where is drawn by HOLDSTILL_CHAOS=SEED, a number; without it, or with 0, nothing does. Any
 * other build has neither the calls nor the function.
 */
#ifndef HOLDSTILL_CHAOS_H
#define HOLDSTILL_CHAOS_H

#include "export.h"

#ifdef HOLDSTILL_CHAOS
#define CHAOS(label) chaos(label)
#define CHAOS_START(environment) chaos_start(environment)

/* Async-signal-safe; errno is kept, no lock is taken, nothing is allocated. */
INTERNAL void chaos(const char *label);
INTERNAL void chaos_start(char **environment);
#else
#define CHAOS(label) ((void)0)
#define CHAOS_START(environment) ((void)0)
#endif

#endif
