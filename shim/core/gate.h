/*
 * The gate: one word that every acquisition reads. A thread that finds it closed for itself, and
 * is outermost, holds still until it opens or lets it go.
 */
#ifndef HOLDSTILL_GATE_H
#define HOLDSTILL_GATE_H

#include "held.h"

enum { GATE_OPEN = 0, GATE_FORK = 1, GATE_EXIT = 2 };

/* Beside the gates that a thread owns: it lives in a child, and looks for ghosts before it waits. */
enum { OWNS_GHOSTS = 4 };

/* A thread that wants to run is given its time in CPU time, and so many times as much by the clock. */
enum { STARVED_FACTOR = 40 };

extern INTERNAL _Atomic uint32_t gate;

/* The gates that are closed for this thread: never those that it closed itself. */
static inline uint32_t gate_closed(const struct record *me)
{
    return atomic_load_explicit(&gate, memory_order_relaxed) & ~((struct record *)me)->owns;
}

/* Closes `which` in the name of me; later loads see what other threads stored before they read it. */
void gate_close(struct record *me, uint32_t which);

/* Opens it and wakes all who hold still. The owner stays the owner until gate_disown. */
void gate_open(uint32_t which);
void gate_disown(struct record *me, uint32_t which);

/* The owner of the FORK gate has done all that we do before the copy: what it sleeps for now is libc's. */
void gate_leaves_to_libc(void);

/* Does anybody hold still in a signal handler? It may have come in the middle of any function, malloc too. */
int gate_holds_handlers(void);

/* In a child: nobody else is there. */
void gate_reset(struct record *me);

/* Must this thread, whose acquisition is at `place`, hold still now? PLACE_NONE: it has none. */
int gate_stops(struct record *me, int place);

/* Holds still, bounded by the rules of DESIGN.md section 3. errno kept, no cancellation point. */
void gate_hold(struct record *me);

/* Holds still until the process ends. */
_Noreturn void gate_hold_for_ever(struct record *me);

/* Both: a safepoint for a thread that is about to wait or to lock, or has just waited. */
static inline void gate_pass(struct record *me, int place)
{
    if (__builtin_expect(gate_closed(me) != 0, 0))
        while (gate_stops(me, place))
            gate_hold(me);
}

/* The same at EXIT alone: at a fork, a thread without locks may go on. Where a runtime left it behind it ends. */
static inline void gate_safepoint(struct record *me)
{
    if (__builtin_expect(gate_closed(me) & GATE_EXIT, 0))
        gate_pass(me, PLACE_NONE);
    if (__builtin_expect(me->left_behind, 0))
        gate_hold_for_ever(me);
}

/*
 * The owner of a gate is about to wait. FORK: the gate opens until it is closed again before the
 * copy. EXIT: the held threads time this wait, and go on when it is too long.
 * outside: for a descriptor, another process, or time. `progress` says afterwards whether anything
 * came of it.
 */
void gate_owner_waits(struct record *me, int outside);
void gate_owner_waited(struct record *me, int progress, int was_sleep);

/* The owner of the EXIT gate ends a runtime, and not the process yet. */
void gate_runtime_ends(int early);

/* A handler ended, or the like: the owner of the EXIT gate gets on. */
void gate_progress(void);

/* Lets one thread through the EXIT gate for good. */
void gate_let_pass(struct record *r);

/* Did held threads go on while me, the owner of the EXIT gate, waited? They may be in the middle of
   something: asked once, and then to be awaited. */
int gate_let_some_go(const struct record *me);

/* The owner of the EXIT gate joins a thread that waits for others: all go on until it gets on. */
void gate_needs_others(void);

/* Set by the protocol: called when a slow path finds itself in a child that no handler announced. */
extern INTERNAL void (*gate_unseen_child)(void);

/* Looked at first in every slow path. */
static inline void gate_look_for_unseen_fork(void)
{
    if (__builtin_expect(*process.present == 0, 0) && gate_unseen_child)
        gate_unseen_child();
}

#endif
