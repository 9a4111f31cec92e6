/*
 * libc's own steps of taking and giving back what nobody contends for, to be inlined. Each answers 0
 * with nothing changed where libc itself must be asked. layout_probe() tries at start whether this libc
 * takes the same steps; where it doesn't they aren't used. Taking is a full fence on x86.
 */
#ifndef HOLDSTILL_UNCONTENDED_H
#define HOLDSTILL_UNCONTENDED_H

#include <limits.h>

#include "layout.h"
#include "libc.h"
#include "sys.h"

static inline int single_threaded(void) { return *(const volatile char *)libc_single_threaded; }

static inline int swap(int *word, int from, int to, int order)
{
    return __atomic_compare_exchange_n(word, &from, to, 0, order, __ATOMIC_RELAXED);
}

/* Private and normal, whether by default or by type. */
static inline int mutex_is_plain(const pthread_mutex_t *m)
{
    return (m->__data.__kind & ~MUTEX_NO_ELISION) == 0;
}

/* Private, of any type, without a protocol. */
static inline int mutex_is_simple(const pthread_mutex_t *m)
{
    return (m->__data.__kind & ~(MUTEX_NO_ELISION | MUTEX_TYPE)) == 0;
}

static inline int mutex_is_recursive(const pthread_mutex_t *m)
{
    return (m->__data.__kind & MUTEX_TYPE) == PTHREAD_MUTEX_RECURSIVE_NP;
}

/* The lock word alone. One thread needs no atomic operation, and libc makes none. */
static inline int mutex_take_word(pthread_mutex_t *m)
{
    if (!single_threaded())
        return swap(&m->__data.__lock, 0, 1, __ATOMIC_ACQUIRE);
    if (m->__data.__lock != 0)
        return 0;
    m->__data.__lock = 1;
    return 1;
}

/* Simple mutexes; a recursive one at its first level. */
static inline int mutex_take(pthread_mutex_t *m, int tid)
{
    if (!mutex_take_word(m))
        return 0;
    if (mutex_is_recursive(m))
        m->__data.__count = 1;
    m->__data.__owner = tid;
    m->__data.__nusers++;
    return 1;
}

/* By the owner; a recursive one's count is 0 by now. */
static inline void mutex_give(pthread_mutex_t *m)
{
    m->__data.__owner = 0;
    m->__data.__nusers--;
    if (single_threaded())
        m->__data.__lock = 0;
    else if (__builtin_expect(__atomic_exchange_n(&m->__data.__lock, 0, __ATOMIC_RELEASE) > 1, 0))
        sys_futex_wake(&m->__data.__lock, 1);
}

/* __readers: three bits that say what writers do, then the number of readers. */
enum { RWLOCK_WRITTEN = 2, RWLOCK_WRITERS = 7, RWLOCK_READER = 8 };

static inline int rwlock_take_read(pthread_rwlock_t *lock)
{
    unsigned readers = __atomic_load_n(&lock->__data.__readers, __ATOMIC_RELAXED);
    do
        if (readers & RWLOCK_WRITERS || readers > INT_MAX / 2)
            return 0;
    while (!__atomic_compare_exchange_n(&lock->__data.__readers, &readers, readers + RWLOCK_READER,
                                        1, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED));
    return 1;
}

static inline int rwlock_give_read(pthread_rwlock_t *lock)
{
    unsigned readers = __atomic_load_n(&lock->__data.__readers, __ATOMIC_RELAXED);
    do
        if (readers & RWLOCK_WRITERS || readers < RWLOCK_READER)
            return 0;
    while (!__atomic_compare_exchange_n(&lock->__data.__readers, &readers, readers - RWLOCK_READER,
                                        1, __ATOMIC_RELEASE, __ATOMIC_RELAXED));
    return 1;
}

/* One atomic word: the value, and above it the number of those who wait. */
typedef uint64_t semaphore_word __attribute__((may_alias));

static inline int semaphore_take(sem_t *s)
{
    semaphore_word *word = (semaphore_word *)s, seen = __atomic_load_n(word, __ATOMIC_RELAXED);
    do
        if ((uint32_t)seen == 0)
            return 0;
    while (!__atomic_compare_exchange_n(word, &seen, seen - 1, 1, __ATOMIC_ACQUIRE,
                                        __ATOMIC_RELAXED));
    return 1;
}

static inline int semaphore_give(sem_t *s)
{
    semaphore_word *word = (semaphore_word *)s, seen = __atomic_load_n(word, __ATOMIC_RELAXED);
    do
        if (seen >= SEM_VALUE_MAX)
            return 0; /* somebody waits, or there are too many */
    while (!__atomic_compare_exchange_n(word, &seen, seen + 1, 1, __ATOMIC_RELEASE,
                                        __ATOMIC_RELAXED));
    return 1;
}

static inline int spin_take(int *lock)
{
    return *(volatile int *)lock == SPINLOCK_FREE &&
           swap(lock, SPINLOCK_FREE, !SPINLOCK_FREE, __ATOMIC_ACQUIRE);
}

static inline void spin_give(int *lock)
{
    __atomic_store_n(lock, SPINLOCK_FREE, __ATOMIC_RELEASE);
}

#endif
