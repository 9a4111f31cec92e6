#ifndef HOLDSTILL_SELFCHECK_H
#define HOLDSTILL_SELFCHECK_H

/* Option `check`: tells on standard output what works in this process, and ends it, with status 0
   if nothing is missing, else 125. */
_Noreturn void selfcheck(void);

#endif
