/*
 * Taking and giving back every kind of lock, by DESIGN.md section 3. The mutex functions inlined in
 * the doors are the fast path: a private normal mutex, not contended, in slot 0.
 */
#ifndef HOLDSTILL_ACQUIRE_H
#define HOLDSTILL_ACQUIRE_H

#include <semaphore.h>
#include <time.h>

#include "base/export.h"
#include "base/layout.h"
#include "base/libc.h"
#include "base/sys.h"
#include "gate.h"

enum method { METHOD_LOCK, METHOD_TRY, METHOD_TIMED, METHOD_CLOCK };

/* One call of the program that takes something. */
struct taking {
    void *object;
    enum kind kind;
    enum method method;
    clockid_t clock;
    const struct timespec *time;
    const void *site; /* the call site */
};

/* What libc's function of that name answers; semaphores: -1 and errno. */
int acquire(const struct taking *t);

#define ACQUIRE(object, kind, method, clock, time)                                              \
    acquire(&(const struct taking){(object), (kind), (method), (clock), (time),                 \
                                   __builtin_return_address(0)})

int release_mutex(pthread_mutex_t *m);
int release_rwlock(pthread_rwlock_t *lock);
int release_semaphore(sem_t *s);
int release_spin(pthread_spinlock_t *s);
void release_file(FILE *file);

/* A semaphore of ours from now on if it is used as a lock; called after libc's sem_init. */
void semaphore_begin(sem_t *s, int shared, unsigned value);

/* Its life ends: entries that other threads still have for it mean nothing from here on. */
void semaphore_end(sem_t *s);

/* Waiting in a condition. clock is used with METHOD_CLOCK only. */
int wait_condition(pthread_cond_t *c, pthread_mutex_t *m, const struct taking *t);

/* Runs libc's signal or broadcast, listed as an operation on c. */
int operate_condition(pthread_cond_t *c, int (*operation)(pthread_cond_t *), const void *site);

/* The gate was closed when a fast acquisition looked: see to it. */
int mutex_gate_closed(pthread_mutex_t *m, enum method method, const void *site);

static inline int single_threaded(void) { return *(const volatile char *)libc_single_threaded; }

/* Private and normal, whether by default or by type. */
static inline int mutex_is_plain(const pthread_mutex_t *m)
{
    return (m->__data.__kind & ~MUTEX_NO_ELISION) == 0;
}

/*
 * Takes a private normal mutex if it is free, as libc would: 1, or 0 with nothing changed. The
 * compare-and-swap is the fence between the entry and the gate on x86; elsewhere it needs one.
 */
static inline int mutex_take(pthread_mutex_t *m)
{
    int expected = 0;
    if (single_threaded()) {
        if (m->__data.__lock != 0)
            return 0;
        m->__data.__lock = 1;
        return 1;
    }
    int taken = __atomic_compare_exchange_n(&m->__data.__lock, &expected, 1, 0, __ATOMIC_ACQUIRE,
                                            __ATOMIC_RELAXED);
#if !defined(__x86_64__)
    held_fence();
#endif
    return taken;
}

/* 1: taken, with slot 0 and all as DESIGN.md wants it. 0: go the slow way. */
static inline int mutex_lock_fast(pthread_mutex_t *m)
{
    struct record *me = self;
    if (UNLIKELY(!me || !mutex_is_plain(m) || held_get(me, 0) != 0))
        return 0;
    held_set(me, 0, entry_of(m, KIND_MUTEX));
    if (UNLIKELY(!mutex_take(m))) {
        held_set(me, 0, 0);
        return 0;
    }
    m->__data.__owner = atomic_load_explicit(&me->tid, memory_order_relaxed);
    m->__data.__nusers++;
    return 1;
}

/* Is the gate open after a fast acquisition? */
static inline int gate_is_open(void)
{
    return LIKELY(atomic_load_explicit(&gate, memory_order_relaxed) == GATE_OPEN);
}

/* Gives the mutex of slot 0 back; 0: go the slow way. */
static inline int mutex_unlock_fast(pthread_mutex_t *m)
{
    struct record *me = self;
    if (UNLIKELY(!me || held_get(me, 0) != entry_of(m, KIND_MUTEX) || !mutex_is_plain(m) ||
                 m->__data.__owner != atomic_load_explicit(&me->tid, memory_order_relaxed)))
        return 0;
    m->__data.__owner = 0;
    m->__data.__nusers--;
    if (single_threaded())
        m->__data.__lock = 0;
    else if (UNLIKELY(__atomic_exchange_n(&m->__data.__lock, 0, __ATOMIC_RELEASE) > 1))
        sys_futex_wake(&m->__data.__lock, 1);
    held_set(me, 0, 0);
    return 1;
}

#endif
