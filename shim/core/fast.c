#include "fast.h"

#include "runtime.h"
#include "wait.h"

OUT_OF_LINE int lock_slowly(void *object, enum kind kind, enum method method, const void *site)
{
    return acquire(&(const struct taking){object, kind, method, 0, NULL, site});
}

/* The slow path of DESIGN.md's acquire for what is common: there is nothing to be told or to be seen to. */
OUT_OF_LINE int mutex_lock_contended(struct record *me, pthread_mutex_t *m, enum method method,
                                     const void *site)
{
    const entry e = entry_of(m, KIND_MUTEX);
    held_set(me, 0, e | ENTRY_TRY);
    CHAOS("contended: listed with TRY");
    if (method != METHOD_LOCK || me->owns || me->taken || runtime.present || !*process.present || !gate_is_open()) {
        held_set(me, 0, 0);
        return lock_slowly(m, KIND_MUTEX, method, site);
    }
    struct waiting w;
    wait_note(&w, me, WAIT_UNTIMED, site);
    libc.pthread_mutex_lock(m);
    wait_leave(&w);
    CHAOS("contended: before the claim");
    held_set(me, 0, e);
    held_fence();
    CHAOS("contended: claimed");
    return gate_is_open() ? 0 : acquired_at_closed_gate(m, KIND_MUTEX, METHOD_LOCK, site, 0);
}

static OUT_OF_LINE int not_taken(struct record *me, int place, void *object, enum kind kind,
                                 enum method method, const void *site)
{
    CHAOS("nested: not taken");
    held_pop(me, place);
    return lock_slowly(object, kind, method, site);
}

/* acquire in DESIGN.md: entry, libc's steps, gate. `take` leaves all as it was when it fails. */
INLINED int take_listed(struct record *me, void *object, enum kind kind, enum method method,
                        const void *site, int (*take)(struct record *me, void *object))
{
    int place = held_push_few(me, entry_of(object, kind));
    if (UNLIKELY(place == PLACE_NONE))
        return lock_slowly(object, kind, method, site);
    CHAOS("nested: listed");
    if (UNLIKELY(!take(me, object)))
        return not_taken(me, place, object, kind, method, site);
    CHAOS("nested: taken");
    held_taken(me, place);
    held_fence_after_swap();
    CHAOS("nested: before the gate is read");
    return gate_is_open() ? 0 : acquired_at_closed_gate(object, kind, method, site, place);
}

INLINED int steps_of_mutex(struct record *me, void *m) { return mutex_take(m, tid_of(me)); }
INLINED int steps_of_read(struct record *me, void *lock)
{
    return (void)me, rwlock_take_read(lock);
}
INLINED int steps_of_write(struct record *me, void *lock)
{
    return (void)me, libc.pthread_rwlock_trywrlock(lock) == 0; /* on x86 with a fence, as all of these */
}
INLINED int steps_of_semaphore(struct record *me, void *s)
{
    if (!semaphore_take(s))
        return 0;
    CHAOS("semaphore: taken");
    semaphore_view(s)->holder = me;
    return 1;
}
INLINED int steps_of_spin(struct record *me, void *lock) { return (void)me, spin_take(lock); }

int mutex_lock_nested(pthread_mutex_t *m, enum method method, const void *site)
{
    struct record *me = self;
    if (!me || !layout.mutex_steps || !mutex_is_simple(m))
        return lock_slowly(m, KIND_MUTEX, method, site);
    if (m->__data.__owner == tid_of(me) && mutex_is_recursive(m) && m->__data.__count < INT_MAX) {
        m->__data.__count++; /* only the first level has an entry */
        return 0;
    }
    if (runtime_calls(site))
        return lock_slowly(m, KIND_MUTEX, method, site);
    return take_listed(me, m, KIND_MUTEX, method, site, steps_of_mutex);
}

int mutex_unlock_nested(pthread_mutex_t *m)
{
    struct record *me = self;
    if (!me || !layout.mutex_steps || !mutex_is_simple(m) || m->__data.__owner != tid_of(me))
        return release_mutex(m);
    if (mutex_is_recursive(m) && m->__data.__count > 1) {
        m->__data.__count--;
        return 0;
    }
    int place = held_at_hand(me, entry_of(m, KIND_MUTEX));
    if (place == PLACE_NONE)
        return release_mutex(m);
    m->__data.__count = 0;
    mutex_give(m);
    CHAOS("nested: given back");
    return held_leave(me, place);
}

int rwlock_read(pthread_rwlock_t *lock, enum method method, const void *site)
{
    struct record *me = self;
    if (!me || !layout.rwlock_steps)
        return lock_slowly(lock, KIND_READ, method, site);
    return take_listed(me, lock, KIND_READ, method, site, steps_of_read);
}

int rwlock_write(pthread_rwlock_t *lock, enum method method, const void *site)
{
    struct record *me = self;
    if (!me || !layout.rwlock_steps)
        return lock_slowly(lock, KIND_WRITE, method, site);
    return take_listed(me, lock, KIND_WRITE, method, site, steps_of_write);
}

static OUT_OF_LINE int unlock_written(pthread_rwlock_t *lock)
{
    struct record *me = self;
    int place = me ? held_at_hand(me, entry_of(lock, KIND_WRITE)) : PLACE_NONE;
    if (place == PLACE_NONE || lock->__data.__cur_writer != tid_of(me) ||
        libc.pthread_rwlock_unlock(lock) != 0)
        return release_rwlock(lock);
    return held_leave(me, place);
}

int rwlock_unlock(pthread_rwlock_t *lock)
{
    struct record *me = self;
    int place = me && layout.rwlock_steps ? held_at_hand(me, entry_of(lock, KIND_READ)) : PLACE_NONE;
    if (place == PLACE_NONE || !rwlock_give_read(lock))
        return unlock_written(lock);
    CHAOS("rwlock: given back");
    return held_leave(me, place);
}

int spin_lock(pthread_spinlock_t *s, enum method method, const void *site)
{
    struct record *me = self;
    if (!me || !layout.spin_steps)
        return lock_slowly((void *)s, KIND_SPIN, method, site);
    return take_listed(me, (void *)s, KIND_SPIN, method, site, steps_of_spin);
}

int spin_unlock(pthread_spinlock_t *s)
{
    struct record *me = self;
    int place = me && layout.spin_steps ? held_at_hand(me, entry_of((void *)s, KIND_SPIN)) : PLACE_NONE;
    if (place == PLACE_NONE)
        return release_spin(s);
    spin_give((int *)s);
    CHAOS("spin: given back");
    return held_leave(me, place);
}

/* It may be listed already, when somebody else posted what was taken. */
OUT_OF_LINE int semaphore_wait_nested(sem_t *s, enum method method, const void *site)
{
    struct record *me = self;
    if (held_find(me, s, KIND_SEMAPHORE) != PLACE_NONE)
        return lock_slowly(s, KIND_SEMAPHORE, method, site);
    return take_listed(me, s, KIND_SEMAPHORE, method, site, steps_of_semaphore);
}

/* A semaphore that counts or signals is a wait like any other. */
OUT_OF_LINE int semaphore_wait_signal(sem_t *s, enum method method, const void *site)
{
    if (!semaphore_take(s))
        return lock_slowly(s, KIND_SEMAPHORE, method, site);
    if (method == METHOD_LOCK)
        gate_safepoint(self);
    return 0;
}

OUT_OF_LINE int semaphore_wait_in_vain(sem_t *s, enum method method, const void *site)
{
    return not_taken(self, 0, s, KIND_SEMAPHORE, method, site);
}

OUT_OF_LINE int semaphore_post_in_vain(struct record *me, int place, sem_t *s)
{
    int result = libc.sem_post(s);
    if (result == 0)
        held_pop(me, place);
    return result;
}

static OUT_OF_LINE int post_nested(struct record *me, sem_t *s)
{
    int mine = semaphore_view(s)->holder == me;
    int place = mine ? held_at_hand(me, entry_of(s, KIND_SEMAPHORE)) : PLACE_NONE;
    if (place == PLACE_NONE)
        return release_semaphore(s);
    semaphore_view(s)->holder = NULL;
    CHAOS("nested semaphore: nobody's");
    if (!semaphore_give(s))
        return semaphore_post_in_vain(me, place, s);
    CHAOS("nested semaphore: given back");
    return held_leave(me, place);
}

OUT_OF_LINE int semaphore_post_otherwise(sem_t *s)
{
    struct record *me = self;
    if (!me || !layout.semaphore_steps)
        return release_semaphore(s);
    if (semaphore_view(s)->mark == SEMAPHORE_MARK)
        return post_nested(me, s);
    return LIKELY(semaphore_give(s)) ? 0 : libc.sem_post(s);
}
