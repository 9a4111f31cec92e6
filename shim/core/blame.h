/* Findings about locks: who had what, and took it where. */
#ifndef HOLDSTILL_BLAME_H
#define HOLDSTILL_BLAME_H

#include "base/finding.h"
#include "held.h"

/* What an entry of this kind stands for, in words. */
const char *blame_kind(enum kind kind);

/* The thread of a finding. */
void blame_thread(struct finding *f, const struct record *r);

/* Before a fork: in the child nobody can ask for the names of threads. Nothing without a ledger. */
void blame_ask_names(const struct record *me);

/* At the next fork nobody is to blame for these; NULL: forget those of the last one. */
void blame_spare(const void *object);

/*
 * In a child: the ghost's entry at this place is a finding, if it is one; mended: the child gets the lock.
 * Nothing without a ledger.
 */
void blame_ghost(const struct record *ghost, int place, int mended);

/*
 * In a child: its thread can't have this object, and would wait. If that is for a ghost, it is named on
 * standard error, once for each object. Async-signal-safe, errno kept.
 */
void blame_wait(const void *object, enum kind kind, const void *site);

/* In a child: a libc function is called in which a ghost was; named in the same way. */
void blame_call(void *const *function, const void *site);

/* In a child: a condition is used in which a ghost waited, and which nobody mended. */
void blame_condition(const void *condition, const void *site);

/* The ghost that is in this object, by its entry without TRY and by what the object says; NULL: none.
   *place is the entry's. */
const struct record *blame_holder(const void *object, enum kind kind, int *place);

#endif
