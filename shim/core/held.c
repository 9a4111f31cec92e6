#include "held.h"

#include "base/layout.h"
#include "base/sys.h"
#include "base/uncontended.h"

enum { MANY = SLOTS / 4 };

/*
 * Does the object say that thread r isn't in it? One that is taken but names
 * nobody is being taken or given up. Readers leave no trace.
 */
static int stale(const struct record *r, entry e)
{
    const void *object = entry_object(e);
    CHAOS("look: at the object");
    if (entry_kind(e) == KIND_READ || entry_kind(e) >= KIND_CONDITION || !object)
        return 0;
    if (!sys_readable(object) || !sys_readable((const char *)object + 24))
        return 1;
    if (entry_kind(e) == KIND_MUTEX) {
        const pthread_mutex_t *m = object;
        int owner = __atomic_load_n(&m->__data.__owner, __ATOMIC_RELAXED);
        int lock = __atomic_load_n(&m->__data.__lock, __ATOMIC_RELAXED);
        return owner != r->tid && (owner != 0 || lock == 0);
    }
    if (entry_kind(e) == KIND_WRITE) {
        const pthread_rwlock_t *l = object;
        int writer = __atomic_load_n(&l->__data.__cur_writer, __ATOMIC_RELAXED);
        unsigned readers = __atomic_load_n(&l->__data.__readers, __ATOMIC_RELAXED);
        return writer != r->tid && (writer != 0 || !(readers & RWLOCK_WRITTEN));
    }
    if (entry_kind(e) == KIND_SEMAPHORE) {
        const struct semaphore_view *s = object;
        const void *holder = __atomic_load_n(&s->holder, __ATOMIC_ACQUIRE);
        uint32_t value = __atomic_load_n(&s->value, __ATOMIC_RELAXED);
        return s->mark != SEMAPHORE_MARK || value != 0 || (holder && holder != r);
    }
    return 0;
}

/* An empty slot below the count is no claim: it belongs to a push or a pop that was interrupted. */
static int claims(entry e, unsigned ignored)
{
    return e && !(e & ENTRY_MARKS) && !(ignored >> entry_kind(e) & 1);
}

static int nested(const struct record *r)
{
    uint32_t n = atomic_load_explicit(&((struct record *)r)->nested, memory_order_acquire);
    return n < SLOTS ? (int)n : SLOTS;
}

/*
 * What this object says of its holder needs no time to become true: while it is free, or names another
 * one, r hasn't taken it, and will find the gate closed when it has.
 */
static int surely_tells(entry e) { return entry_kind(e) == KIND_SEMAPHORE; }

/* Many slots are taken: empties those that are surely stale. */
static void purge(struct record *me)
{
    for (int i = nested(me); i > 0; i--) {
        entry e = held_get(me, i);
        if (e && !(e & ENTRY_TRY) && stale(me, e))
            held_pop(me, i);
    }
}

/* Signals that were taken once and freed by others pile up in the record of a thread that waits a lot. */
static int many(const struct record *me) { return me->nested >= MANY && me->nested % MANY == 0; }

static int push_nested(struct record *me, entry e)
{
    uint32_t n = me->nested;
    if (n >= SLOTS)
        return PLACE_OVER;
    atomic_store_explicit(&me->nested, n + 1, memory_order_release);
    CHAOS("push: counted");
    held_set(me, (int)n + 1, e);
    return (int)n + 1;
}

int held_push(struct record *me, entry e)
{
    if (held_get(me, 0) == 0) {
        held_set(me, 0, e);
        return 0;
    }
    if (many(me))
        purge(me);
    int place = push_nested(me, e);
    if (place == PLACE_OVER) {
        purge(me);
        place = push_nested(me, e);
    }
    if (place == PLACE_OVER) {
        atomic_store_explicit(&me->over, me->over + 1, memory_order_release);
        held_count_claim(me);
    }
    return place;
}

void held_pop(struct record *me, int place)
{
    if (place == PLACE_OVER && me->over)
        atomic_store_explicit(&me->over, me->over - 1, memory_order_release);
    if (place < 0)
        return;
    held_set(me, place, place ? ENTRY_NOTHING : 0);
    CHAOS("pop: emptied");
    for (uint32_t n = me->nested; n > 0 && held_get(me, (int)n) == ENTRY_NOTHING; n = me->nested) {
        held_set(me, (int)n, 0);
        CHAOS("pop: before the count");
        atomic_store_explicit(&me->nested, n - 1, memory_order_release);
    }
}

int held_pop_above_nothing(struct record *me, int place)
{
    held_pop(me, place);
    return 0;
}

IN_CHILD int held_find(const struct record *r, const void *object, enum kind kind)
{
    for (int i = nested(r); i >= 0; i--)
        if ((held_get(r, i) & ~ENTRY_MARKS) == entry_of(object, kind))
            return i;
    return PLACE_NONE;
}

void held_drop(const void *object)
{
    struct record *me = self;
    for (int i = me ? nested(me) : -1; i >= 0; i--)
        if (entry_object(held_get(me, i)) == object)
            held_pop(me, i);
}

/* As its own thread would empty the slot; one that is changing meanwhile is no claim. */
int held_disown(const void *object, enum kind kind)
{
    int count = 0;
    for (struct record *r = record_first(); r; r = record_next(r))
        for (int i = record_is_ghost(r) ? -1 : nested(r); i >= 0; i--) {
            entry e = held_get(r, i);
            if ((e & ~ENTRY_CHRONIC) == entry_of(object, kind))
                count += atomic_compare_exchange_strong(&r->slot[i], &e, i ? ENTRY_NOTHING : 0);
        }
    return count;
}

int held_count(const struct record *r, const void *object, enum kind kind)
{
    int count = 0;
    for (int i = nested(r); i >= 0; i--)
        count += (held_get(r, i) & ~ENTRY_CHRONIC) == entry_of(object, kind);
    return count;
}

entry held_newest(const struct record *r) { return held_get(r, nested(r)); }

entry held_entry(const struct record *r, const void *object)
{
    entry found = 0;
    for (int i = nested(r); i >= 0; i--) {
        entry e = held_get(r, i);
        if (entry_object(e) == object && e && (!found || !(e & ENTRY_TRY)))
            found = e;
    }
    return found;
}

int held_outermost(struct record *me, int place, unsigned ignored)
{
    if (me->over != me->over_ignored)
        return 0;
    for (int i = nested(me); i >= 0; i--)
        if (i != place && claims(held_get(me, i), ignored) && !stale(me, held_get(me, i)))
            return 0;
    return 1;
}

/*
 * The slots are read one by one while the thread goes on: it may take a nested lock when that slot
 * was looked at, and release its outermost one before slot 0 is. Then it has counted a claim.
 */
static int busy(const struct record *r, unsigned ignored, int proven)
{
    struct record *its = (struct record *)r;
    uint32_t claimed = atomic_load_explicit(&its->claimed, memory_order_acquire);
    if (r->over != r->over_ignored)
        return 1;
    for (int i = nested(r); i >= 0; i--) {
        entry e = held_get(r, i);
        CHAOS("look: between two slots");
        if (claims(e, ignored) && !((proven || surely_tells(e)) && stale(r, e)))
            return 1;
    }
    return atomic_load_explicit(&its->claimed, memory_order_acquire) != claimed;
}

int held_busy(const struct record *r, unsigned ignored) { return busy(r, ignored, 0); }
int held_busy_proven(const struct record *r, unsigned ignored) { return busy(r, ignored, 1); }

IN_CHILD int held_inside(const struct record *r)
{
    for (int i = nested(r); i >= 0; i--) {
        entry e = held_get(r, i);
        if (e && !(e & ENTRY_TRY) && !held_for_life(e) && !stale(r, e))
            return 1;
    }
    return r->over != 0;
}

void held_lasts(const void *object, enum kind kind)
{
    for (struct record *r = record_first(); r; r = record_next(r)) {
        entry e = entry_of(object, kind);
        int place = record_is_ghost(r) ? PLACE_NONE : held_find(r, object, kind);
        if (place >= 0)
            atomic_compare_exchange_strong(&r->slot[place], &e, e | ENTRY_CHRONIC);
    }
}

void held_outlived(struct record *r, int was_busy)
{
    uint64_t seen = 0;
    CHAOS("await: outlived");
    for (int i = was_busy ? nested(r) : -1; i >= 0; i--) {
        entry e = held_get(r, i);
        if (!claims(e, 0))
            continue;
        if (r->outlived >> i & 1)
            atomic_compare_exchange_strong(&r->slot[i], &e, e | ENTRY_CHRONIC);
        seen |= (uint64_t)1 << i;
    }
    if (was_busy && r->over)
        r->over_ignored = r->outlived >> 63 ? r->over : 0;
    if (was_busy && r->over)
        seen |= (uint64_t)1 << 63;
    r->outlived = seen;
}
