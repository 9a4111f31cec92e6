/* E3: which threads are meant to end before the handlers run. */
#ifndef HOLDSTILL_ATWORK_H
#define HOLDSTILL_ATWORK_H

#include "core/threads.h"

/*
 * Waits for threads that are at work to end, at most limit_us, or longer while one that wants to run
 * gets no CPU: the joinable ones, or those of which a runtime said that they are meant to. Returns at
 * once when nobody is at work. `me` exits.
 */
enum whom { JOINABLE, MEANT_TO_END };
void join_threads_at_work(const struct record *me, enum whom whom, int64_t limit_us);

#endif
