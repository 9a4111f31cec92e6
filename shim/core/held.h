/*
 * The entries of one thread: what it holds, or is inside, or (with TRY) is trying for, waiting in,
 * operating on. Only the thread itself adds and removes them; the order of stores around a lock is
 * DESIGN.md's, section 3.
 */
#ifndef HOLDSTILL_HELD_H
#define HOLDSTILL_HELD_H

#include "threads.h"

enum kind {
    KIND_MUTEX = 0, /* an entry for a mutex is its plain address */
    KIND_READ,
    KIND_WRITE,
    KIND_SEMAPHORE,
    KIND_CONDITION,
    KIND_SPIN,
    KIND_BARRIER,
    KIND_ONCE,
    KIND_GUARD, /* of a C++ function-local static */
    KIND_FILE,  /* flockfile */
    KIND_LIBC,  /* a libc function with locks of its own: nothing to mend */
    KIND_CUSTOM, /* announced by the program */
    KIND_RUNTIME /* of a language runtime: its adapter mends it */
};

#define ENTRY_TRY ((entry)1)     /* not in it: trying, waiting, operating */
#define ENTRY_CHRONIC ((entry)2) /* outlived two closings: mended in a child, never awaited */
#define ENTRY_MARKS ((entry)3)
#define ENTRY_KIND_SHIFT 56
#define ENTRY_NOTHING ENTRY_TRY /* fills a slot that was emptied below others */

enum { PLACE_NONE = -1, PLACE_OVER = -2 }; /* instead of the index of a slot */

static inline entry entry_of(const void *object, enum kind kind)
{
    return (entry)object | (entry)kind << ENTRY_KIND_SHIFT;
}
static inline void *entry_object(entry e)
{
    return (void *)(e & ~ENTRY_MARKS & (((entry)1 << ENTRY_KIND_SHIFT) - 1));
}
static inline enum kind entry_kind(entry e) { return (enum kind)(e >> ENTRY_KIND_SHIFT); }

/* On x86 a store is never seen before those that precede it: the compiler is what we restrain. */
static inline entry held_get(const struct record *r, int place)
{
    return atomic_load_explicit(&((struct record *)r)->slot[place], memory_order_acquire);
}

/* After a nested claim is made and before anything is released: who reads the slots finds one of both. */
static inline void held_count_claim(struct record *me)
{
#if defined(__x86_64__)
    __asm__ volatile("incl %0" : "+m"(me->claimed) : : "memory", "cc"); /* signals can't split it */
#else
    atomic_fetch_add_explicit(&me->claimed, 1, memory_order_release);
#endif
}
static inline void held_set(struct record *me, int place, entry e)
{
    if (place >= 0)
        atomic_store_explicit(&me->slot[place], e, memory_order_release);
    CHAOS("claim: in its slot");
    if (place > 0 && e && !(e & ENTRY_MARKS))
        held_count_claim(me);
}

/* Where the call is that made the entry at this place. */
static inline void held_note(struct record *me, int place, const void *site)
{
    if (__builtin_expect(me->taken != NULL, 0) && place >= 0)
        me->taken[place] = site;
}

/* The fence between an entry and the reading of the gate. */
static inline void held_fence(void) { atomic_thread_fence(memory_order_seq_cst); }

/* The same where a compare-and-swap took the lock: on x86 that is the fence already. */
static inline void held_fence_after_swap(void)
{
#if !defined(__x86_64__)
    held_fence();
#endif
}

/*
 * Adds an entry; returns its place. The count is stored before the slot, so that a signal handler
 * in between takes another slot.
 */
int held_push(struct record *me, entry e);
void held_pop(struct record *me, int place);

/*
 * The same for an entry that claims before its lock is taken, where little is listed (else PLACE_NONE). Its
 * claim is to be counted by held_taken when it is taken: until then a look may disbelieve it, and read
 * the slots of outer locks after they were released.
 */
enum { FEW = 7 };
static inline int held_push_few(struct record *me, entry e)
{
    if (__builtin_expect(held_get(me, 0) == 0, 1)) {
        held_set(me, 0, e);
        return 0;
    }
    uint32_t n = atomic_load_explicit(&me->nested, memory_order_relaxed);
    if (n >= FEW)
        return PLACE_NONE;
    atomic_store_explicit(&me->nested, n + 1, memory_order_release);
    CHAOS("push few: counted");
    atomic_store_explicit(&me->slot[n + 1], e, memory_order_release);
    return (int)n + 1;
}
static inline void held_taken(struct record *me, int place)
{
    if (place > 0)
        held_count_claim(me);
}

/* The place of this very entry, if it is the outermost or the newest: locks are left in that order. */
static inline int held_at_hand(const struct record *me, entry e)
{
    if (__builtin_expect(held_get(me, 0) == e, 1))
        return 0;
    uint32_t n = atomic_load_explicit(&((struct record *)me)->nested, memory_order_relaxed);
    return n <= SLOTS && held_get(me, (int)n) == e ? (int)n : PLACE_NONE;
}

/* held_pop for one of those; 0, to end a function. */
int held_pop_above_nothing(struct record *me, int place);
static inline int held_leave(struct record *me, int place)
{
    if (__builtin_expect(place == 0, 1)) {
        held_set(me, 0, 0);
        return 0;
    }
    if (__builtin_expect(held_get(me, place - 1) == ENTRY_NOTHING, 0))
        return held_pop_above_nothing(me, place);
    held_set(me, place, 0);
    CHAOS("leave: emptied");
    atomic_store_explicit(&me->nested, (uint32_t)place - 1, memory_order_release);
    return 0;
}

/* The same for any entry: quickly, if it is the outermost or the newest. */
static inline void held_pop_soon(struct record *me, int place)
{
    if (LIKELY(place == 0 || (place > 0 && (uint32_t)place == me->nested)))
        held_leave(me, place);
    else
        held_pop(me, place);
}

/* The newest entry for this object with or without marks; PLACE_NONE if there is none. */
int held_find(const struct record *r, const void *object, enum kind kind);

/* Drops all entries of one's own for an object that begins or ends its life. */
void held_drop(const void *object);

/* The object was released by somebody else, or ends its life: no thread claims it any more. How many did? */
int held_disown(const void *object, enum kind kind);

/* The newest entry of r, 0 if it has none. */
entry held_newest(const struct record *r);

/* r's entry for an object, rather one without TRY; 0 if it has none. */
entry held_entry(const struct record *r, const void *object);

/* How many of r's entries without TRY name this object. */
int held_count(const struct record *r, const void *object, enum kind kind);

/*
 * Is every other entry of mine without claim on the gate: TRY, chronic, or stale? `ignored` kinds
 * (a mask of 1 << kind) don't count.
 */
int held_outermost(struct record *me, int place, unsigned ignored);

/* Is r in a critical section, by its record alone? */
int held_busy(const struct record *r, unsigned ignored);

/* The same, disbelieving entries whose object says that r doesn't hold it. Only for a record that
   has not changed for a while: an acquisition in transit looks stale too. */
int held_busy_proven(const struct record *r, unsigned ignored);

/* Was r, a ghost, in a critical section, awaited or not? A semaphore that it kept for long is a state
   of its, no section. */
int held_inside(const struct record *r);

/* A semaphore that its holder keeps for as long as it lives: no section. */
static inline int held_for_life(entry e)
{
    return e & ENTRY_CHRONIC && entry_kind(e) == KIND_SEMAPHORE;
}

/* Whoever holds this object holds it for good: chronic from now on. */
void held_lasts(const void *object, enum kind kind);

/*
 * The owner of the gate gave r up: an entry that was given up at the last closing too becomes
 * chronic. `busy` tells whether r was.
 */
void held_outlived(struct record *r, int busy);

#endif
