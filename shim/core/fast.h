/*
 * The doors' way to a lock: without libc where nobody contends for it, by the order of stores of
 * DESIGN.md section 3; else by acquire.h. Inlined are simple mutexes in slot 0, the plain ones without a detour.
 */
#ifndef HOLDSTILL_FAST_H
#define HOLDSTILL_FAST_H

#include "acquire.h"
#include "base/uncontended.h"

/* All answer as libc's functions do. `site` is the call site; methods are METHOD_LOCK and METHOD_TRY. */
int mutex_lock_nested(pthread_mutex_t *m, enum method method, const void *site);
int mutex_unlock_nested(pthread_mutex_t *m);
int rwlock_read(pthread_rwlock_t *lock, enum method method, const void *site);
int rwlock_write(pthread_rwlock_t *lock, enum method method, const void *site);
int rwlock_unlock(pthread_rwlock_t *lock);
int semaphore_wait_nested(sem_t *s, enum method method, const void *site);
int semaphore_wait_signal(sem_t *s, enum method method, const void *site);
int semaphore_wait_in_vain(sem_t *s, enum method method, const void *site);
int semaphore_post_otherwise(sem_t *s);
int semaphore_post_in_vain(struct record *me, int place, sem_t *s);
int spin_lock(pthread_spinlock_t *s, enum method method, const void *site);
int spin_unlock(pthread_spinlock_t *s);

/* m is simple and not mine, listed in slot 0, and somebody has it. */
int mutex_lock_contended(struct record *me, pthread_mutex_t *m, enum method method, const void *site);

/* The same by acquire.h. */
int lock_slowly(void *object, enum kind kind, enum method method, const void *site);

/* Is the gate open after a fast acquisition? */
static inline int gate_is_open(void)
{
    return LIKELY(atomic_load_explicit(&gate, memory_order_relaxed) == GATE_OPEN);
}

static inline int tid_of(const struct record *me)
{
    return atomic_load_explicit(&((struct record *)me)->tid, memory_order_relaxed);
}

/* Nothing else is listed, and m is simple and not mine. */
INLINED int mutex_lock_outermost(struct record *me, pthread_mutex_t *m, enum method method,
                                 const void *site, int recursive)
{
    held_set(me, 0, entry_of(m, KIND_MUTEX));
    CHAOS("acquire: listed");
    if (UNLIKELY(!mutex_take_word(m)))
        return mutex_lock_contended(me, m, method, site);
    held_fence_after_swap();
    CHAOS("acquire: taken");
    if (recursive)
        m->__data.__count = 1;
    m->__data.__owner = tid_of(me);
    m->__data.__nusers++;
    CHAOS("acquire: before the gate is read");
    return gate_is_open() ? 0 : acquired_at_closed_gate(m, KIND_MUTEX, method, site, 0);
}

INLINED int mutex_lock(pthread_mutex_t *m, enum method method, const void *site)
{
    struct record *me = self;
    if (UNLIKELY(!me || held_get(me, 0) != 0))
        return mutex_lock_nested(m, method, site);
    if (LIKELY(mutex_is_plain(m)))
        return mutex_lock_outermost(me, m, method, site, 0);
    if (!mutex_is_simple(m) || m->__data.__owner == tid_of(me))
        return mutex_lock_nested(m, method, site);
    return mutex_lock_outermost(me, m, method, site, mutex_is_recursive(m));
}

INLINED int mutex_unlock(pthread_mutex_t *m)
{
    struct record *me = self;
    if (UNLIKELY(!me || held_get(me, 0) != entry_of(m, KIND_MUTEX) ||
                 m->__data.__owner != tid_of(me)))
        return mutex_unlock_nested(m);
    if (UNLIKELY(!mutex_is_plain(m))) {
        if (!mutex_is_simple(m) || m->__data.__count > 1)
            return mutex_unlock_nested(m);
        m->__data.__count = 0;
    }
    mutex_give(m);
    CHAOS("release: given back");
    held_set(me, 0, 0);
    return 0;
}

/* At a closed gate a runtime's semaphore isn't taken at all. */
INLINED int semaphore_wait(sem_t *s, enum method method, const void *site)
{
    struct record *me = self;
    if (UNLIKELY(!me || !layout.semaphore_steps || !gate_is_open()))
        return lock_slowly(s, KIND_SEMAPHORE, method, site);
    if (UNLIKELY(semaphore_view(s)->mark != SEMAPHORE_MARK))
        return semaphore_wait_signal(s, method, site);
    if (UNLIKELY(held_get(me, 0) != 0))
        return semaphore_wait_nested(s, method, site);
    held_set(me, 0, entry_of(s, KIND_SEMAPHORE));
    CHAOS("semaphore: listed");
    if (UNLIKELY(!semaphore_take(s)))
        return semaphore_wait_in_vain(s, method, site);
    CHAOS("semaphore: taken");
    semaphore_view(s)->holder = me;
    held_fence_after_swap();
    CHAOS("semaphore: before the gate is read");
    return gate_is_open() ? 0 : acquired_at_closed_gate(s, KIND_SEMAPHORE, method, site, 0);
}

/* I took it, and it is the outermost. */
INLINED int semaphore_post(sem_t *s)
{
    struct record *me = self;
    if (UNLIKELY(!me || held_get(me, 0) != entry_of(s, KIND_SEMAPHORE) || !layout.semaphore_steps ||
                 semaphore_view(s)->mark != SEMAPHORE_MARK || semaphore_view(s)->holder != me))
        return semaphore_post_otherwise(s);
    semaphore_view(s)->holder = NULL;
    CHAOS("semaphore: nobody's");
    if (UNLIKELY(!semaphore_give(s)))
        return semaphore_post_in_vain(me, 0, s);
    CHAOS("semaphore: given back");
    held_set(me, 0, 0);
    return 0;
}

#endif
