/*
 * Critical sections that a language runtime guards by means of its own: locks that make no call which
 * a door could see. Its adapter says when they are tried for, taken and released, always by a thread
 * that has the runtime's lock. The order of stores is that of every other lock.
 */
#ifndef HOLDSTILL_SECTION_H
#define HOLDSTILL_SECTION_H

#include "gate.h"

/* A safepoint for a thread that may lose the runtime's lock here: it gives it up, and holds still. */
void section_pass(struct record *me, int place);

/* An entry with TRY: its place, or negative if there is no room; then that lock isn't listed. */
int section_try(struct record *me, const void *lock);

/* Taken: false if it must be given back, for the gate is closed; it is tried for again then. */
int section_claim(struct record *me, int place);

/* Does it try for a lock that is taken, by itself perhaps? Then it can't hold still on its way to say so. */
int section_may_be_given(const struct record *me);

/*
 * It was given the lock, or takes it, and can't say so before it has the runtime's lock. Who is
 * parked was given nothing yet.
 */
int section_in_transit(struct record *r);

/* Right before a copy: notes who is. */
void section_note_transits(const struct record *me);

#endif
