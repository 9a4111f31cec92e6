#include "acquire.h"

#include <errno.h>

#include "base/uncontended.h"
#include "blame.h"
#include "runtime.h"
#include "section.h"
#include "wait.h"

static int take_mutex(pthread_mutex_t *m, enum method method, const struct taking *t)
{
    switch (method) {
    case METHOD_TRY: return libc.pthread_mutex_trylock(m);
    case METHOD_TIMED: return libc.pthread_mutex_timedlock(m, t->time);
    case METHOD_CLOCK: return libc.pthread_mutex_clocklock(m, t->clock, t->time);
    default: return libc.pthread_mutex_lock(m);
    }
}

static int take_read(pthread_rwlock_t *l, enum method method, const struct taking *t)
{
    switch (method) {
    case METHOD_TRY: return libc.pthread_rwlock_tryrdlock(l);
    case METHOD_TIMED: return libc.pthread_rwlock_timedrdlock(l, t->time);
    case METHOD_CLOCK: return libc.pthread_rwlock_clockrdlock(l, t->clock, t->time);
    default: return libc.pthread_rwlock_rdlock(l);
    }
}

static int take_write(pthread_rwlock_t *l, enum method method, const struct taking *t)
{
    switch (method) {
    case METHOD_TRY: return libc.pthread_rwlock_trywrlock(l);
    case METHOD_TIMED: return libc.pthread_rwlock_timedwrlock(l, t->time);
    case METHOD_CLOCK: return libc.pthread_rwlock_clockwrlock(l, t->clock, t->time);
    default: return libc.pthread_rwlock_wrlock(l);
    }
}

static int take_semaphore(sem_t *s, enum method method, const struct taking *t)
{
    switch (method) {
    case METHOD_TRY: return libc.sem_trywait(s);
    case METHOD_TIMED: return libc.sem_timedwait(s, t->time);
    case METHOD_CLOCK: return libc.sem_clockwait(s, t->clock, t->time);
    default: return libc.sem_wait(s);
    }
}

static int take_spin(pthread_spinlock_t *s, enum method method)
{
    return method == METHOD_TRY ? libc.pthread_spin_trylock(s) : libc.pthread_spin_lock(s);
}

static int take_file(FILE *file, enum method method)
{
    if (method == METHOD_TRY)
        return libc.ftrylockfile(file);
    libc.flockfile(file);
    return 0;
}

static int take(const struct taking *t, enum method method)
{
    switch (t->kind) {
    case KIND_SPIN: return take_spin(t->object, method);
    case KIND_FILE: return take_file(t->object, method);
    case KIND_READ: return take_read(t->object, method, t);
    case KIND_WRITE: return take_write(t->object, method, t);
    case KIND_SEMAPHORE: return take_semaphore(t->object, method, t);
    default: return take_mutex(t->object, method, t);
    }
}

static void give_back(const struct taking *t)
{
    switch (t->kind) {
    case KIND_READ:
    case KIND_WRITE: libc.pthread_rwlock_unlock(t->object); break;
    case KIND_SEMAPHORE:
        semaphore_view(t->object)->holder = NULL;
        libc.sem_post(t->object);
        break;
    case KIND_SPIN: libc.pthread_spin_unlock(t->object); break;
    case KIND_FILE: libc.funlockfile(t->object); break;
    default: libc.pthread_mutex_unlock(t->object);
    }
}

/* A trying call of ours that says "not now" is no failure of the program's call. */
static int would_block(const struct taking *t, int result)
{
    if (t->kind == KIND_SEMAPHORE)
        return result != 0 && errno == EAGAIN;
    return t->kind == KIND_FILE ? result != 0 : result == EBUSY;
}

static enum wait_kind wait_kind(const struct taking *t)
{
    if (t->method == METHOD_TRY)
        return WAIT_NONE;
    return t->method == METHOD_LOCK ? WAIT_UNTIMED : WAIT_TIMED;
}

/* libc's call, as a wait if it may be one. The owner of a gate finds out first. */
static int attempt(struct record *me, const struct taking *t)
{
    struct waiting w __attribute__((cleanup(wait_leave)));
    int result;
    if (UNLIKELY(me->owns != 0) && t->method != METHOD_TRY) {
        result = take(t, METHOD_TRY);
        if (!would_block(t, result)) {
            w.me = NULL;
            return result;
        }
        if (me->owns & OWNS_GHOSTS)
            blame_wait(t->object, t->kind, t->site);
    }
    if (t->object == runtime.mutex)
        wait_note(&w, me, wait_kind(t), t->site); /* nobody who holds still has it */
    else
        wait_enter(&w, me, wait_kind(t), t->site);
    result = take(t, t->method);
    w.progress = result == 0;
    return result;
}

/* An entry that leaves with its scope, unless the lock was taken: sem_wait can be cancelled. */
struct trying {
    struct record *me;
    int place;
    int taken;
};

static void trying_end(struct trying *trying)
{
    if (!trying->taken)
        held_pop(trying->me, trying->place);
}

/* Recursive and errorcheck mutexes that are mine already: only the first level has an entry. */
static int is_mine_already(const struct record *me, const struct taking *t)
{
    const pthread_mutex_t *m = t->object;
    if (t->kind != KIND_MUTEX || m->__data.__owner != ((struct record *)me)->tid)
        return 0;
    int type = m->__data.__kind & MUTEX_TYPE;
    return type == PTHREAD_MUTEX_RECURSIVE_NP || type == PTHREAD_MUTEX_ERRORCHECK_NP;
}

/* The runtime tries its semaphores with its lock first, and would take them at a closed gate. */
static int tries_for_runtime(const struct taking *t)
{
    return t->kind == KIND_SEMAPHORE && t->method == METHOD_TRY && runtime_calls(t->site);
}

/* slow path: slot = m|TRY; (gate: hold still;) libc's lock; slot = m; FENCE; read gate; closed and
   outermost: TRY, unlock, hold still, again */
static int acquire_contended(struct record *me, const struct taking *t)
{
    const entry e = entry_of(t->object, t->kind);
    struct trying trying __attribute__((cleanup(trying_end))) = {me, held_push(me, e | ENTRY_TRY), 0};
    held_note(me, trying.place, t->site);
    for (;;) {
        gate_pass(me, trying.place);
        CHAOS("slow: past the gate");
        if (UNLIKELY(gate_closed(me)) && tries_for_runtime(t))
            section_pass(me, trying.place);
        int result = attempt(me, t);
        CHAOS("slow: libc answered");
        trying.taken = result == 0 || (t->kind == KIND_MUTEX && result == EOWNERDEAD);
        if (!trying.taken)
            return result;
        if (t->kind == KIND_SEMAPHORE)
            semaphore_view(t->object)->holder = me;
        CHAOS("slow: before the claim");
        held_set(me, trying.place, e);
        held_fence();
        CHAOS("slow: claimed");
        /* A robust mutex whose owner died can't be given back without losing that news. */
        if (LIKELY(!gate_closed(me)) || result != 0 || !gate_stops(me, trying.place))
            return result;
        held_set(me, trying.place, e | ENTRY_TRY);
        trying.taken = 0;
        CHAOS("slow: before it is given back");
        give_back(t);
    }
}

/* What fast.h takes isn't free when it comes here. A stream doesn't tell a child whether an entry has come true. */
static int may_be_free(const struct taking *t)
{
    if (t->method > METHOD_TRY || t->kind == KIND_SEMAPHORE || t->kind == KIND_FILE || gate != GATE_OPEN)
        return 0;
    return t->kind != KIND_MUTEX || !layout.mutex_steps || !mutex_is_simple(t->object);
}

/* What is free needs neither TRY nor a wait. libc's trying call is on x86 the fence before the gate. */
static int acquire_listed(struct record *me, const struct taking *t)
{
    const entry e = entry_of(t->object, t->kind);
    int place = may_be_free(t) ? held_push_few(me, e) : PLACE_NONE;
    if (place == PLACE_NONE)
        return acquire_contended(me, t);
    held_note(me, place, t->site);
    CHAOS("free: listed");
    int result = take(t, METHOD_TRY);
    CHAOS("free: libc answered");
    if (result != 0 && !(t->kind == KIND_MUTEX && result == EOWNERDEAD)) {
        held_leave(me, place);
        return t->method == METHOD_TRY ? result : acquire_contended(me, t);
    }
    held_taken(me, place);
    held_fence_after_swap();
    if (LIKELY(gate == GATE_OPEN) || result != 0)
        return result;
    return acquired_at_closed_gate(t->object, t->kind, t->method, t->site, place);
}

/* A semaphore that counts or signals is a wait like any other. */
static int take_signal(struct record *me, const struct taking *t)
{
    struct waiting w __attribute__((cleanup(wait_end)));
    if (me->owns || t->method == METHOD_TRY) {
        int result = take(t, METHOD_TRY);
        if (t->method == METHOD_TRY || result == 0 || errno != EAGAIN) {
            w.me = NULL;
            return result;
        }
    }
    wait_begin(&w, wait_kind(t), t->site);
    int result = take(t, t->method);
    w.progress = result == 0;
    return result;
}

/* Trying what one holds tells whether it is held: CPython's conditions do. It stays listed. */
static int try_own_semaphore(struct record *me, const struct taking *t)
{
    int result = libc.sem_trywait(t->object);
    if (result == 0)
        semaphore_view(t->object)->holder = me;
    return result;
}

int acquire(const struct taking *t)
{
    struct record *me = record_self();
    if (!me)
        return take(t, t->method);
    gate_look_for_unseen_fork();
    /* The runtime's lock may be given up here, by a thread that must not stop in the middle. */
    if (is_mine_already(me, t) || (t->kind == KIND_MUTEX && runtime_calls(t->site)))
        return take(t, t->method);
    if (t->kind == KIND_SEMAPHORE) {
        if (!semaphore_is_lock(t->object))
            return take_signal(me, t);
        int place = held_find(me, t->object, KIND_SEMAPHORE);
        if (place != PLACE_NONE && t->method == METHOD_TRY)
            return try_own_semaphore(me, t);
        /* It waits for what it "holds", or what somebody else posted: a signal, no lock. */
        held_pop(me, place);
    }
    return acquire_listed(me, t);
}

int acquired_at_closed_gate(void *object, enum kind kind, enum method method, const void *site,
                            int place)
{
    const struct taking t = {object, kind, method, 0, NULL, site};
    struct record *me = self;
    if ((kind == KIND_MUTEX && runtime_calls(site)) || !gate_stops(me, place))
        return 0;
    CHAOS("closed: found so");
    held_set(me, place, entry_of(object, kind) | ENTRY_TRY);
    CHAOS("closed: before it is given back");
    give_back(&t);
    CHAOS("closed: given back");
    held_pop(me, place);
    return acquire(&t);
}

/* Unlocked: its entry goes, or one that had no slot. */
static void released(struct record *me, int place)
{
    CHAOS("slow release: given back");
    held_pop(me, place == PLACE_NONE && me->over ? PLACE_OVER : place);
}

int release_mutex(pthread_mutex_t *m)
{
    struct record *me = record_self();
    if (!me)
        return libc.pthread_mutex_unlock(m);
    gate_look_for_unseen_fork();
    int inner = (m->__data.__kind & MUTEX_TYPE) == PTHREAD_MUTEX_RECURSIVE_NP &&
                m->__data.__count > 1;
    int place = inner ? PLACE_NONE : held_find(me, m, KIND_MUTEX);
    int result = libc.pthread_mutex_unlock(m);
    if (result == 0 && !inner)
        released(me, place);
    return result;
}

int release_rwlock(pthread_rwlock_t *lock)
{
    struct record *me = record_self();
    if (!me)
        return libc.pthread_rwlock_unlock(lock);
    gate_look_for_unseen_fork();
    enum kind kind = lock->__data.__cur_writer == me->tid ? KIND_WRITE : KIND_READ;
    int place = held_find(me, lock, kind);
    int result = libc.pthread_rwlock_unlock(lock);
    if (result == 0)
        released(me, place);
    return result;
}

int release_spin(pthread_spinlock_t *s)
{
    struct record *me = record_self();
    if (!me)
        return libc.pthread_spin_unlock(s);
    int place = held_find(me, (void *)s, KIND_SPIN);
    int result = libc.pthread_spin_unlock(s);
    released(me, place);
    return result;
}

void release_file(FILE *file)
{
    struct record *me = record_self();
    int place = me ? held_find(me, file, KIND_FILE) : PLACE_NONE;
    libc.funlockfile(file);
    CHAOS("stream: given back");
    if (me)
        held_pop(me, place);
}

/* Posting by another thread than the taker is lawful: the taker's entry is stale then. */
int release_semaphore(sem_t *s)
{
    struct record *me = record_self();
    if (!me || !semaphore_is_lock(s))
        return libc.sem_post(s);
    int place = semaphore_view(s)->holder == me ? held_find(me, s, KIND_SEMAPHORE) : PLACE_NONE;
    semaphore_view(s)->holder = NULL;
    CHAOS("slow semaphore: nobody's");
    int result = libc.sem_post(s);
    CHAOS("slow semaphore: given back");
    if (result == 0)
        held_pop(me, place);
    return result;
}

void semaphore_end(sem_t *s)
{
    if (semaphore_is_lock(s))
        semaphore_view(s)->mark = 0;
}

void semaphore_begin(sem_t *s, int shared, unsigned value)
{
    if (!layout.semaphore_tail)
        return;
    semaphore_view(s)->mark = !shared && value == 1 ? SEMAPHORE_MARK : 0;
    semaphore_view(s)->holder = NULL;
}
