/* E3: which threads are meant to end before the handlers run. */
#ifndef HOLDSTILL_ATWORK_H
#define HOLDSTILL_ATWORK_H

#include "core/threads.h"

/*
 * Waits for the joinable threads that are at work to end, at most limit_us; returns at once when
 * nobody is at work. `me` exits.
 */
void join_threads_at_work(const struct record *me, int64_t limit_us);

#endif
