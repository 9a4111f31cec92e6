/*
 * Where this libc keeps what. What the headers say of mutex and rwlock holds for every supported
 * version; what moved or is not promised at all is probed at start.
 */
#ifndef HOLDSTILL_LAYOUT_H
#define HOLDSTILL_LAYOUT_H

#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>

#include "export.h"

struct layout {
    uintptr_t page_size;
    int condition_wrefs; /* index of a condition's word of flags and waiters; -1 unknown: no repair */
    int barrier;         /* its words are as below; else no repair */
    int semaphore_tail;  /* libc leaves the tail of a semaphore alone: it may hold our tag */
    /* This libc takes the steps of uncontended.h. */
    int mutex_steps, rwlock_steps, semaphore_steps, spin_steps;
    /* 0, or what fills slot 0 for ever: those of mutexes can't be inlined. */
    uintptr_t outermost_slot_is_used;
};
extern INTERNAL struct layout layout;

void layout_probe(void);

/* No lock is taken by steps of ours: each comes to where its place is noted. */
void layout_leave_to_libc(void);

/* A private semaphore initialised to 1: used as a lock. libc uses the first 12 or 16 bytes. */
struct semaphore_view {
    uint32_t value, waiters; /* 64-bit layout: one atomic word of both */
    uint32_t shared, unused;
    uintptr_t mark; /* SEMAPHORE_MARK, from init to destroy */
    void *holder; /* the record of the thread that took it */
};

#define SEMAPHORE_MARK ((uintptr_t)0x686f6c647374696c)

/* MUTEX_NO_ELISION: libc notes that the type was asked for; nothing else differs. */
enum { MUTEX_NO_ELISION = 512 };
enum { MUTEX_PSHARED = 128, MUTEX_PP = 64, MUTEX_PI = 32, MUTEX_ROBUST = 16, MUTEX_TYPE = 3 };

/* The owner of a robust one that must be made consistent, and of one that never was. */
enum { MUTEX_INCONSISTENT = 0x7fffffff, MUTEX_NOT_RECOVERABLE = 0x7ffffffe };

/* A barrier: words of pthread_barrier_t. */
enum { BARRIER_IN, BARRIER_ROUND, BARRIER_COUNT, BARRIER_SHARED, BARRIER_OUT };

/* The value of a free spinlock. */
#if defined(__x86_64__)
enum { SPINLOCK_FREE = 1 };
#else
enum { SPINLOCK_FREE = 0 };
#endif

/* What a stream's _lock points to. */
struct stream_lock {
    int lock, count; /* of all levels, or (later versions) of those above the first */
    void *owner; /* a pthread_t */
};

/* Words of pthread_rwlock_t (2.25 and later) that an unlocked lock has zero. */
enum { RWLOCK_STATE_BYTES = 28 };

#endif
