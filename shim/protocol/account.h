/* What the ledger keeps of an exit: threads, handlers, and who is in whose way. Nothing without a ledger. */
#ifndef HOLDSTILL_ACCOUNT_H
#define HOLDSTILL_ACCOUNT_H

#include "core/threads.h"

/* E1: me exits. All others are listed. */
void account_begins(const struct record *me);

/* After E4: who has ended, who holds still, and who runs on beside the handlers. */
void account_still(const struct record *me);

/* The same where nobody is held: who is at work now is in the way of the handlers that come. */
void account_unheld(const struct record *me);

/* A second thread exits, by a call at this place (NULL: unknown). */
void account_second(const struct record *me, const void *site);

/* A handler has run; `inherited`: in a child of the process that registered it. */
void account_handler(const void *function, int64_t us, int inherited);

/* After the last handler, with the status of the exit: where nobody was held, who ran beside them? */
void account_ends(const struct record *me, int status);

/* mode=observe: the status that option error_exitcode asks for instead of this one. */
int account_status(int status);

#endif
