#include "core/acquire.h"
#include "core/held.h"

#include "support.h"

static pthread_mutex_t locks[SLOTS + 8];

static entry of(int i) { return entry_of(&locks[i], KIND_MUTEX); }

Test(held, an_entry_is_what_it_was_made_of, .timeout = 10)
{
    entry e = entry_of(&locks[1], KIND_WRITE) | ENTRY_TRY;
    cr_assert_eq(entry_object(e), &locks[1]);
    cr_assert_eq(entry_kind(e), KIND_WRITE);
}

Test(held, outermost_goes_to_slot_0, .timeout = 10)
{
    struct record *me = awake();
    cr_assert_eq(held_push(me, of(0)), 0);
    cr_assert_eq(held_push(me, of(1)), 1);
    cr_assert_eq(held_push(me, of(2)), 2);
    cr_assert(held_busy(me, 0));
    held_pop(me, 0);
    cr_assert_eq(held_push(me, of(3)), 0, "slot 0 is used again below others");
    for (int i = 0; i < 3; i++)
        held_pop(me, i);
    cr_assert_not(held_busy(me, 0));
    cr_assert_eq(me->nested, 0);
}

Test(held, what_is_released_out_of_order_is_not_busy, .timeout = 10)
{
    struct record *me = awake();
    for (int i = 0; i < 4; i++)
        held_push(me, of(i));
    for (int i = 0; i < 3; i++)
        held_pop(me, i);
    cr_assert_eq(held_find(me, &locks[3], KIND_MUTEX), 3);
    cr_assert(held_busy(me, 0));
    held_pop(me, 3);
    cr_assert_eq(me->nested, 0, "the count falls below the emptied slots too");
}

/* A push that was interrupted before its slot was filled: the thread's own handler is not inside of it. */
Test(held, an_empty_slot_has_no_claim, .timeout = 10)
{
    struct record *me = awake();
    held_push(me, of(0) | ENTRY_TRY);
    me->nested = 1;
    cr_assert_not(held_busy(me, 0));
    cr_assert(held_outermost(me, PLACE_NONE, 0));
}

/* Who reads slot after slot sees that one was entered behind his back. */
Test(held, nested_claims_are_counted, .timeout = 10)
{
    struct record *me = awake();
    uint32_t before = me->claimed;
    int outermost = held_push(me, of(0));
    int nested = held_push(me, of(1) | ENTRY_TRY);
    cr_assert_eq(me->claimed, before);
    held_set(me, nested, of(1));
    cr_assert_eq(me->claimed, before + 1);
    held_pop(me, outermost);
    held_pop(me, nested);
    cr_assert_eq(me->claimed, before + 1);
}

Test(held, marks_end_the_claim, .timeout = 10)
{
    struct record *me = awake();
    held_push(me, of(0) | ENTRY_TRY);
    held_push(me, of(1) | ENTRY_CHRONIC);
    cr_assert_not(held_busy(me, 0));
    cr_assert(held_outermost(me, PLACE_NONE, 0));
    static struct semaphore_view semaphore = {.mark = SEMAPHORE_MARK};
    semaphore.holder = me;
    held_push(me, entry_of(&semaphore, KIND_SEMAPHORE));
    cr_assert(held_busy(me, 0));
    cr_assert_not(held_busy(me, 1u << KIND_SEMAPHORE));
}

Test(held, without_a_slot_entries_are_counted, .timeout = 10)
{
    struct record *me = awake();
    for (int i = 0; i <= SLOTS; i++) {
        locks[i].__data.__owner = me->tid;
        cr_assert_eq(held_push(me, of(i)), i);
    }
    cr_assert_eq(held_push(me, of(SLOTS + 1)), PLACE_OVER);
    cr_assert_eq(me->over, 1);
    held_pop(me, PLACE_OVER);
    cr_assert_eq(me->over, 0);
}

Test(held, full_slots_are_purged_of_stale_entries, .timeout = 10)
{
    struct record *me = awake();
    for (int i = 0; i <= SLOTS; i++)
        held_push(me, of(i)); /* nobody owns these: released by another thread */
    cr_assert_geq(held_push(me, of(SLOTS + 1)), 1);
    cr_assert_eq(me->over, 0);
}

Test(held, a_record_may_be_disbelieved, .timeout = 10)
{
    struct record *me = awake();
    held_push(me, of(0));
    cr_assert(held_busy(me, 0));
    cr_assert_not(held_busy_proven(me, 0), "free and without owner");
    locks[0].__data.__lock = 1;
    cr_assert(held_busy_proven(me, 0), "being taken: no owner yet");
    locks[0].__data.__owner = me->tid;
    cr_assert(held_busy_proven(me, 0));
    locks[0].__data.__owner = me->tid + 1;
    cr_assert_not(held_busy_proven(me, 0), "somebody else's");
}

Test(held, unmapped_objects_are_stale, .timeout = 10)
{
    struct record *me = awake();
    held_push(me, entry_of((void *)4096, KIND_MUTEX));
    cr_assert_not(held_busy_proven(me, 0));
    cr_assert(held_outermost(me, PLACE_NONE, 0));
}

Test(held, who_takes_a_lock_or_gives_it_up_is_in_it, .timeout = 10)
{
    struct record *me = awake();
    pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
    held_push(me, entry_of(&lock, KIND_WRITE));
    cr_assert(held_outermost(me, PLACE_NONE, 0), "free");
    lock.__data.__readers = 3; /* written to, by nobody yet */
    cr_assert_not(held_outermost(me, PLACE_NONE, 0));
    lock.__data.__cur_writer = me->tid + 1;
    cr_assert(held_outermost(me, PLACE_NONE, 0), "somebody else's");
    lock.__data.__cur_writer = me->tid;
    cr_assert_not(held_outermost(me, PLACE_NONE, 0));
    held_pop(me, 0);
}

Test(held, two_closings_make_an_entry_chronic, .timeout = 10)
{
    struct record *me = awake();
    held_push(me, of(0));
    held_outlived(me, 1);
    cr_assert(held_busy(me, 0));
    held_outlived(me, 1);
    cr_assert_not(held_busy(me, 0));
    cr_assert_eq(held_find(me, &locks[0], KIND_MUTEX), 0, "it is still listed");
}

Test(held, coming_to_rest_in_between_forgives, .timeout = 10)
{
    struct record *me = awake();
    held_push(me, of(0));
    held_outlived(me, 1);
    held_outlived(me, 0);
    held_outlived(me, 1);
    cr_assert(held_busy(me, 0));
}

Test(held, dropped_with_the_object, .timeout = 10)
{
    struct record *me = awake();
    held_push(me, of(0));
    held_push(me, of(1));
    held_push(me, entry_of(&locks[0], KIND_CONDITION) | ENTRY_TRY);
    held_drop(&locks[0]);
    cr_assert_eq(held_find(me, &locks[0], KIND_MUTEX), PLACE_NONE);
    cr_assert_eq(held_find(me, &locks[0], KIND_CONDITION), PLACE_NONE);
    cr_assert_eq(held_find(me, &locks[1], KIND_MUTEX), 1);
}

Test(held, trying_a_semaphore_that_one_holds_keeps_the_entry, .timeout = 10)
{
    struct record *me = awake();
    sem_t s;
    libc.sem_init(&s, 0, 1);
    semaphore_begin(&s, 0, 1);
    cr_assert_eq(ACQUIRE(&s, KIND_SEMAPHORE, METHOD_LOCK, 0, NULL), 0);
    cr_assert_neq(ACQUIRE(&s, KIND_SEMAPHORE, METHOD_TRY, 0, NULL), 0);
    cr_assert_eq(held_count(me, &s, KIND_SEMAPHORE), 1);
    release_semaphore(&s);
    cr_assert_eq(held_count(me, &s, KIND_SEMAPHORE), 0);
}
