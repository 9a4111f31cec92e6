/* Option exit_signal: threads that reach no safepoint at exit are stopped by a signal. */
#ifndef HOLDSTILL_STOP_H
#define HOLDSTILL_STOP_H

#include <stdint.h>

#include "core/threads.h"

/*
 * The gate is closed for EXIT by me. Signals every thread that still runs, again and again, until all
 * are still or for limit_us. In the signal's handler a thread holds still where it holds no lock that
 * we know of and is in no libc function, by an address of libc's code on its stack: an old one that is
 * left over there says no as well, so it is asked again a little later. Returns how many run on.
 */
int stop_by_signal(struct record *me, int64_t limit_us);

#endif
