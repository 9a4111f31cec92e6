#include "repair.h"

#include <semaphore.h>
#include <string.h>

#include "base/layout.h"
#include "base/ledger.h"
#include "base/libc.h"
#include "base/mapping.h"
#include "base/sys.h"
#include "blame.h"
#include "openmp.h"

enum { PAGES_KNOWN = 4 };

struct child {
    struct record *me;
    int old_tid;
    int looks_only; /* nothing is changed: `mended` counts what would have been */
    int mended;
    uintptr_t private_pages[PAGES_KNOWN];
    unsigned next_page;
};

/* Many threads wait in few objects: the pages found private last are not asked for again. */
static int is_private_page(struct child *c, uintptr_t page)
{
    for (int i = 0; i < PAGES_KNOWN; i++)
        if (c->private_pages[i] == page)
            return 1;
    if (mapping_of((const void *)page) != MAPPING_PRIVATE)
        return 0;
    c->private_pages[c->next_page++ % PAGES_KNOWN] = page;
    return 1;
}

/* Shared memory is never touched: each mender asks first. */
IN_CHILD static int is_private(struct child *c, const void *object, size_t size)
{
    if (!object)
        return 0;
    uintptr_t first = (uintptr_t)object, last = first + size - 1;
    return is_private_page(c, first & -layout.page_size) &&
           is_private_page(c, last & -layout.page_size);
}

/* Something is to be mended, or (0) not worth counting. Shall it be? */
static int counts(struct child *c, int found)
{
    c->mended += found;
    return !c->looks_only;
}

/* The survivor holds it, or (it forked in a signal handler) was in the middle of taking it. */
static int survivors(const struct child *c, const void *object, enum kind kind)
{
    return held_find(c->me, object, kind) >= 0;
}

/*
 * What becomes of a robust one's news that its owner died: it tells its next locker, unless the
 * ghost was on its way in or out, for then the data is whole. News that nobody has dealt with
 * yet stays, and so does the end of a mutex that can't be recovered.
 */
static void mend_robust(pthread_mutex_t *m, int word, int owner, int touched)
{
    m->__data.__list.__prev = m->__data.__list.__next = NULL;
    if (word & FUTEX_OWNER_DIED || owner == MUTEX_INCONSISTENT || touched)
        m->__data.__lock = FUTEX_OWNER_DIED;
    if (owner == MUTEX_NOT_RECOVERABLE)
        m->__data.__owner = owner;
}

/*
 * A ghost's: keep kind, protocol and ceiling; clear lock, owner, count and users. Where the lock
 * word names its taker, the owner field may still be somebody else's. nusers counts condition
 * waiters too, so a mutex that is free or the survivor's may need it corrected.
 */
static void mend_mutex(struct child *c, const struct record *ghost, pthread_mutex_t *m, int tried)
{
    if (!is_private(c, m, sizeof *m))
        return;
    int kind = m->__data.__kind, owner = m->__data.__owner, word = m->__data.__lock;
    int was_locked = (kind & MUTEX_PP ? word & 0x7ffff : word) != 0;
    int taker = kind & (MUTEX_PI | MUTEX_ROBUST) ? word & FUTEX_TID_MASK : owner;
    if (owner == c->old_tid || owner == c->me->tid) {
        if (counts(c, 0))
            m->__data.__nusers = 1;
        return;
    }
    if (taker != ghost->tid && (taker != 0 || survivors(c, m, KIND_MUTEX)))
        return;
    if (!counts(c, was_locked))
        return;
    m->__data.__lock = kind & MUTEX_PP ? word & ~0x7ffff : 0;
    m->__data.__count = 0;
    m->__data.__owner = 0;
    m->__data.__nusers = 0;
    if (kind & MUTEX_ROBUST)
        mend_robust(m, word, owner, owner == ghost->tid && !tried);
}

/*
 * Fresh with the same preference; then the survivor's own holds again. It may have forked in a signal
 * handler between its entry and the lock: the lock tells how many of its entries have come true.
 */
static void mend_rwlock(struct child *c, pthread_rwlock_t *lock)
{
    if (!is_private(c, lock, sizeof *lock) || lock->__data.__shared)
        return;
    unsigned readers = lock->__data.__readers >> 3, read = held_count(c->me, lock, KIND_READ);
    int written = lock->__data.__cur_writer == c->old_tid && held_count(c->me, lock, KIND_WRITE);
    read = read < readers ? read : readers;
    if (!written && !read && (survivors(c, lock, KIND_READ) || survivors(c, lock, KIND_WRITE)))
        return;
    /* The lowest bit says only who had it last. */
    if (!counts(c, lock->__data.__readers > 1))
        return;
    memset(lock, 0, RWLOCK_STATE_BYTES);
    if (written) {
        lock->__data.__readers = 3; /* write phase, write-locked */
        lock->__data.__wrphase_futex = 1;
        lock->__data.__writers_futex = 1;
        lock->__data.__cur_writer = c->old_tid; /* renamed with the survivor's other locks */
    } else {
        lock->__data.__readers = read << 3;
    }
}

/* Taken without a holder: a ghost was taking it or giving it up. */
static void mend_semaphore(struct child *c, const struct record *ghost, struct semaphore_view *s)
{
    if (!is_private(c, s, sizeof(sem_t)) || s->shared || s->mark != SEMAPHORE_MARK)
        return; /* somebody else's, or destroyed: this memory may be malloc's by now */
    int is_taken = (s->holder == ghost || !s->holder) && s->value == 0;
    if (!counts(c, is_taken))
        return;
    if (is_taken) {
        s->holder = NULL;
        s->value = 1;
    }
    s->waiters = 0;
}

/* Flags kept: the clock survives. */
static void mend_condition(struct child *c, uint32_t *words)
{
    if (!is_private(c, words, sizeof(pthread_cond_t)) || layout.condition_wrefs < 0 ||
        survivors(c, words, KIND_CONDITION))
        return;
    uint32_t flags = words[layout.condition_wrefs] & 3;
    if (flags & 1)
        return; /* process-shared */
    if (!counts(c, 1))
        return;
    memset(words, 0, sizeof(pthread_cond_t));
    words[layout.condition_wrefs] = flags;
}

/* Fresh, same count. */
static void mend_barrier(struct child *c, uint32_t *words)
{
    if (!is_private(c, words, sizeof(pthread_barrier_t)) || !layout.barrier || words[BARRIER_SHARED] ||
        survivors(c, words, KIND_BARRIER))
        return;
    if (counts(c, words[BARRIER_IN] != 0))
        words[BARRIER_IN] = words[BARRIER_ROUND] = words[BARRIER_OUT] = 0;
}

static void mend_spin(struct child *c, int *lock)
{
    if (!is_private(c, lock, sizeof *lock) || *lock == SPINLOCK_FREE || survivors(c, lock, KIND_SPIN))
        return;
    if (counts(c, 1))
        *lock = SPINLOCK_FREE;
}

/* Not done (first byte): neither in progress nor waited for. */
static void mend_guard(struct child *c, uint64_t *guard)
{
    if (!is_private(c, guard, sizeof *guard) || *(const char *)guard != 0 || *guard == 0 ||
        survivors(c, guard, KIND_GUARD))
        return;
    if (counts(c, 1))
        *guard = 0;
}

static int survivor_announced(const struct child *c, const void *lock)
{
    for (int i = 0; i < CUSTOMS; i++)
        if (c->me->customs[i].lock == lock)
            return 1;
    return 0;
}

/*
 * The program knows how; forbidding forks is listed too, and has no reset. The lock may be the
 * survivor's, and the ghost have waited for it.
 */
static void mend_custom(struct child *c, const struct record *ghost, const void *word)
{
    for (int i = 0; i < CUSTOMS; i++) {
        const struct custom *custom = &ghost->customs[i];
        if (custom->lock && ((entry)custom->lock & ~ENTRY_MARKS) == (entry)word &&
            !survivor_announced(c, custom->lock)) {
            if (counts(c, 1))
                custom->reset(custom->lock);
        }
    }
}

static void mend(struct child *c, const struct record *ghost, entry e)
{
    void *object = entry_object(e);
    CHAOS("repair: an entry");
    switch (entry_kind(e)) {
    case KIND_MUTEX: mend_mutex(c, ghost, object, (e & ENTRY_TRY) != 0); break;
    case KIND_CONDITION: mend_condition(c, object); break;
    case KIND_READ:
    case KIND_WRITE: mend_rwlock(c, object); break;
    case KIND_SEMAPHORE: mend_semaphore(c, ghost, object); break;
    case KIND_SPIN: mend_spin(c, object); break;
    case KIND_BARRIER: mend_barrier(c, object); break;
    case KIND_GUARD: mend_guard(c, object); break;
    case KIND_CUSTOM: mend_custom(c, ghost, object); break;
    case KIND_RUNTIME: counts(c, !(e & ENTRY_TRY)); break; /* by its adapter, when the interpreter runs again */
    default: break; /* libc sees to once-routines and streams; its functions can't be mended */
    }
}

/*
 * libc resets the locks of streams, in most cases: then it is taken as often as the survivor's
 * entries say. Up to some version its count is of all levels, later of those above the first.
 */
static void hold_stream(const struct child *c, FILE *file)
{
    const struct stream_lock *lock = (const void *)file->_lock;
    if (lock->owner == (void *)pthread_self())
        return;
    for (int levels = held_count(c->me, file, KIND_FILE); levels > 0; levels--)
        libc.flockfile(file);
}

/* The survivor's tid changed: bare, its recursive, errorcheck, PI, robust mutexes and written
   rwlocks are no longer its own. */
static void rename_own(struct child *c, entry e)
{
    void *object = entry_object(e);
    CHAOS("repair: one of the survivor's");
    if (!object || e & ENTRY_TRY || c->looks_only || !is_private(c, object, 1))
        return;
    if (entry_kind(e) == KIND_MUTEX) {
        pthread_mutex_t *m = object;
        int in_word = m->__data.__kind & (MUTEX_PI | MUTEX_ROBUST);
        if (m->__data.__owner == c->old_tid)
            m->__data.__owner = c->me->tid;
        else if (!in_word || (m->__data.__lock & FUTEX_TID_MASK) != c->old_tid)
            return; /* an inconsistent one's owner field names nobody */
        m->__data.__nusers = 1;
        if (in_word)
            m->__data.__lock = c->me->tid;
    } else if (entry_kind(e) == KIND_FILE) {
        hold_stream(c, object);
    } else if (entry_kind(e) == KIND_WRITE) {
        pthread_rwlock_t *lock = object;
        if (!lock->__data.__shared && lock->__data.__cur_writer == c->old_tid)
            lock->__data.__cur_writer = c->me->tid;
    }
}

static int is_held_by_ghost(const void *object)
{
    for (struct record *r = record_first(); r; r = record_next(r)) {
        entry e = record_is_ghost(r) ? held_entry(r, object) : 0;
        if (e && !(e & ENTRY_TRY))
            return 1;
    }
    return 0;
}

/* Who waits is to blame only if nobody holds it and nobody mends it. libc mends two kinds, and leaves one. */
static void tell_of(const struct child *c, const struct record *ghost, int place, int found)
{
    entry e = ghost->slot[place];
    enum kind kind = entry_kind(e);
    int is_libcs = kind == KIND_ONCE || kind == KIND_FILE;
    if ((is_libcs || kind == KIND_LIBC) && !(e & ENTRY_MARKS))
        found = 1;
    if (found && !(e & ENTRY_TRY && (!c->looks_only || is_held_by_ghost(entry_object(e)))))
        blame_ghost(ghost, place, is_libcs || !c->looks_only);
}

static void mend_all(struct child *c, struct record *ghost)
{
    for (int i = ghost->nested < SLOTS ? (int)ghost->nested : SLOTS; i >= 0; i--) {
        int before = c->mended;
        if (!(ghost->slot[i] & ~ENTRY_MARKS))
            continue;
        mend(c, ghost, ghost->slot[i]);
        if (ledger)
            tell_of(c, ghost, i, c->mended != before);
    }
}

IN_CHILD int repair_child(struct record *me, int old_tid, int looks_only)
{
    struct child c = {.me = me, .old_tid = old_tid, .looks_only = looks_only};
    unsigned before = process.generation++;
    process.torn = 0;
    int openmp = 0;
    CHAOS("repair: begins");
    if (me)
        me->generation = process.generation;
    for (struct record *r = record_first(); r; r = record_next(r)) {
        if (r == me || r->generation != before)
            continue;
        openmp = openmp || openmp_is_worker(r);
        process.torn |= held_inside(r);
        mend_all(&c, r);
    }
    for (int i = 0; me && i <= SLOTS; i++)
        rename_own(&c, me->slot[i]);
    return c.mended + (openmp ? openmp_forget_workers(looks_only) : 0);
}
