/*
 * The EXIT gate's owner, as the held threads see it: whether it waits, for them perhaps, and gets
 * on. For gate.c; what others call is in gate.h.
 */
#ifndef HOLDSTILL_GATE_EXIT_H
#define HOLDSTILL_GATE_EXIT_H

#include "gate.h"

/* me is about to close it. */
void gate_exit_owned(struct record *me);

/* In a child: nobody exits. */
void gate_exit_reset(void);

/* At EXIT nobody is held for ever, nor while the exiting thread may be waiting for him. */
int gate_exit_lets_go(struct record *me);

/* Wakes so many of those who hold still, to look at the gate anew. In gate.c. */
void gate_tell(int count);

#endif
