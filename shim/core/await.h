/* Awaiting stillness: what the owner of a closed gate does before it goes on. */
#ifndef HOLDSTILL_AWAIT_H
#define HOLDSTILL_AWAIT_H

#include "gate.h"

/*
 * Waits until every other thread is still, at most limit_us. For a thread that wants to run they
 * are counted in its own running time, at most forty times as long by the clock: who gets no CPU
 * can't come to rest. Returns how many threads were given up.
 *
 * FORK: still is who is in no critical section. EXIT: who holds still at the gate, or sleeps in a
 * wait whose return is a safepoint (or sleeps elsewhere: it only looks still).
 */
int await_stillness(struct record *me, uint32_t which, int64_t limit_us);

/* EXIT: the same again for me, its owner, if held threads went on while it waited. */
void await_again(struct record *me);

/* FORK: is anybody else in a critical section, who isn't known to stay there? proven: not by an entry
   whose object says otherwise (see held_busy_proven). */
int is_anybody_busy(const struct record *me, int proven);

#endif
