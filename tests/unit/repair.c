#include "core/repair.h"

#include <errno.h>
#include <linux/futex.h>
#include <semaphore.h>
#include <sys/mman.h>

#include "base/layout.h"
#include "support.h"

enum { GHOST_TID = 7777777, OLD_TID = 7777778 };

/* A child as repair finds it: me survived, called OLD_TID in the parent, beside one ghost. */
static struct record *me, *ghost;

static void child(void)
{
    me = awake();
    ghost = record_new();
    ghost->tid = GHOST_TID;
    record_enter(ghost, RECORD_LIVE);
}

static int repair(void) { return repair_child(me, OLD_TID, 0); }

static pthread_mutex_t mutex_of(int type, int protocol, int robust)
{
    pthread_mutex_t m;
    pthread_mutexattr_t a;
    pthread_mutexattr_init(&a);
    pthread_mutexattr_settype(&a, type);
    pthread_mutexattr_setprotocol(&a, protocol);
    pthread_mutexattr_setrobust(&a, robust);
    cr_assert_eq(pthread_mutex_init(&m, &a), 0);
    return m;
}

static void taken_by(pthread_mutex_t *m, int tid, int word)
{
    m->__data.__lock = word;
    m->__data.__owner = tid;
    m->__data.__nusers = 1;
    m->__data.__count = 1;
}

TestSuite(repair, .init = child, .timeout = 10);

Test(repair, a_ghosts_mutex_is_free)
{
    static const int types[] = {PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_RECURSIVE,
                                PTHREAD_MUTEX_ERRORCHECK, PTHREAD_MUTEX_ADAPTIVE_NP};
    static pthread_mutex_t m[4];
    for (int i = 0; i < 4; i++) {
        m[i] = mutex_of(types[i], PTHREAD_PRIO_NONE, PTHREAD_MUTEX_STALLED);
        taken_by(&m[i], GHOST_TID, 2);
        held_push(ghost, entry_of(&m[i], KIND_MUTEX));
    }
    cr_assert_eq(repair(), 4);
    for (int i = 0; i < 4; i++) {
        cr_expect_eq(pthread_mutex_lock(&m[i]), 0);
        cr_expect_eq(pthread_mutex_unlock(&m[i]), 0);
        cr_expect_eq(pthread_mutex_destroy(&m[i]), 0);
    }
    cr_assert(record_is_ghost(ghost));
    cr_assert_not(record_is_ghost(me));
}

Test(repair, a_priority_inheriting_mutex_is_free)
{
    static pthread_mutex_t m;
    m = mutex_of(PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_INHERIT, PTHREAD_MUTEX_STALLED);
    taken_by(&m, GHOST_TID, (int)(GHOST_TID | 0x80000000));
    held_push(ghost, entry_of(&m, KIND_MUTEX));
    repair();
    cr_assert_eq(pthread_mutex_lock(&m), 0);
    cr_assert_eq(pthread_mutex_unlock(&m), 0);
}

Test(repair, a_robust_mutex_tells_its_next_locker)
{
    static pthread_mutex_t m;
    m = mutex_of(PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_ROBUST);
    taken_by(&m, GHOST_TID, GHOST_TID);
    held_push(ghost, entry_of(&m, KIND_MUTEX));
    repair();
    cr_assert_eq(pthread_mutex_lock(&m), EOWNERDEAD);
    cr_assert_eq(pthread_mutex_consistent(&m), 0);
    cr_assert_eq(pthread_mutex_unlock(&m), 0);
    cr_assert_eq(pthread_mutex_lock(&m), 0);
}

/* libc's call has returned, and the gate is looked at next: nothing was touched. */
Test(repair, a_robust_mutex_that_was_being_taken_has_no_news)
{
    static pthread_mutex_t m;
    m = mutex_of(PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_INHERIT, PTHREAD_MUTEX_ROBUST);
    taken_by(&m, GHOST_TID, GHOST_TID);
    held_push(ghost, entry_of(&m, KIND_MUTEX) | ENTRY_TRY);
    repair();
    cr_assert_eq(pthread_mutex_lock(&m), 0);
    cr_assert_eq(pthread_mutex_unlock(&m), 0);
}

/* A ghost had the news and hadn't made the data consistent; or nobody has had the news yet. */
Test(repair, news_of_a_robust_mutex_is_kept)
{
    static pthread_mutex_t m[2];
    for (int i = 0; i < 2; i++) {
        m[i] = mutex_of(PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_ROBUST);
        taken_by(&m[i], i ? 0 : MUTEX_INCONSISTENT, i ? FUTEX_OWNER_DIED : GHOST_TID);
        held_push(ghost, entry_of(&m[i], KIND_MUTEX) | (i ? ENTRY_TRY : 0));
    }
    repair();
    for (int i = 0; i < 2; i++) {
        cr_expect_eq(pthread_mutex_lock(&m[i]), EOWNERDEAD);
        cr_expect_eq(pthread_mutex_consistent(&m[i]), 0);
        cr_expect_eq(pthread_mutex_unlock(&m[i]), 0);
        cr_expect_eq(pthread_mutex_lock(&m[i]), 0);
    }
}

Test(repair, a_mutex_that_was_being_taken_is_free)
{
    static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
    m.__data.__lock = 1;
    held_push(ghost, entry_of(&m, KIND_MUTEX) | ENTRY_TRY);
    repair();
    cr_assert_eq(pthread_mutex_trylock(&m), 0);
}

Test(repair, the_survivors_lock_stays_its_own)
{
    static pthread_mutex_t m;
    m = mutex_of(PTHREAD_MUTEX_ERRORCHECK, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_STALLED);
    taken_by(&m, OLD_TID, 2);
    m.__data.__nusers = 3; /* with two condition waiters */
    held_push(me, entry_of(&m, KIND_MUTEX));
    held_push(ghost, entry_of(&m, KIND_MUTEX) | ENTRY_TRY);
    repair();
    cr_assert_eq(pthread_mutex_lock(&m), EDEADLK);
    cr_assert_eq(pthread_mutex_unlock(&m), 0);
    cr_assert_eq(pthread_mutex_destroy(&m), 0);
}

Test(repair, a_third_ones_lock_is_left_alone)
{
    static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
    taken_by(&m, GHOST_TID + 5, 1);
    held_push(ghost, entry_of(&m, KIND_MUTEX) | ENTRY_TRY);
    cr_assert_eq(repair(), 0);
    cr_assert_eq(pthread_mutex_trylock(&m), EBUSY);
}

Test(repair, shared_memory_is_never_touched)
{
    pthread_mutex_t *m = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    *m = mutex_of(PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_ROBUST);
    taken_by(m, GHOST_TID, GHOST_TID);
    held_push(ghost, entry_of(m, KIND_MUTEX));
    cr_assert_eq(repair(), 0);
    cr_assert_eq(m->__data.__owner, GHOST_TID);
}

Test(repair, unmapped_objects_are_skipped)
{
    held_push(ghost, entry_of((void *)8192, KIND_MUTEX));
    held_push(ghost, entry_of((void *)8192, KIND_CONDITION) | ENTRY_TRY);
    cr_assert_eq(repair(), 0);
}

Test(repair, a_read_lock_of_both_stays_the_survivors)
{
    static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
    pthread_rwlock_rdlock(&lock);
    pthread_rwlock_rdlock(&lock);
    held_push(me, entry_of(&lock, KIND_READ));
    held_push(ghost, entry_of(&lock, KIND_READ));
    repair();
    cr_assert_eq(pthread_rwlock_trywrlock(&lock), EBUSY);
    cr_assert_eq(pthread_rwlock_unlock(&lock), 0);
    cr_assert_eq(pthread_rwlock_trywrlock(&lock), 0);
}

Test(repair, a_written_lock_gets_the_survivors_new_name)
{
    static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
    pthread_rwlock_wrlock(&lock);
    lock.__data.__cur_writer = OLD_TID;
    held_push(me, entry_of(&lock, KIND_WRITE));
    held_push(ghost, entry_of(&lock, KIND_READ) | ENTRY_TRY);
    repair();
    cr_assert_eq(lock.__data.__cur_writer, me->tid);
    cr_assert_eq(pthread_rwlock_unlock(&lock), 0);
    cr_assert_eq(pthread_rwlock_trywrlock(&lock), 0);
}

/* A signal handler forked in between the entry and the lock. */
Test(repair, a_rwlock_that_the_survivor_was_taking_is_not_its_own)
{
    static pthread_rwlock_t lock[2] = {PTHREAD_RWLOCK_INITIALIZER, PTHREAD_RWLOCK_INITIALIZER};
    for (int i = 0; i < 2; i++) {
        held_push(me, entry_of(&lock[i], i ? KIND_WRITE : KIND_READ));
        held_push(ghost, entry_of(&lock[i], KIND_WRITE) | ENTRY_TRY);
    }
    repair();
    for (int i = 0; i < 2; i++)
        cr_expect_eq(pthread_rwlock_trywrlock(&lock[i]), 0);
}

Test(repair, a_condition_is_fresh_and_keeps_its_clock)
{
    static pthread_cond_t c;
    pthread_condattr_t a;
    pthread_condattr_init(&a);
    pthread_condattr_setclock(&a, CLOCK_MONOTONIC);
    pthread_cond_init(&c, &a);
    pthread_cond_t fresh = c;
    ((unsigned *)&c)[layout.condition_wrefs] += 8; /* a waiter */
    ((unsigned *)&c)[0] = 6;
    held_push(ghost, entry_of(&c, KIND_CONDITION) | ENTRY_TRY);
    cr_assert_eq(repair(), 1);
    cr_assert_arr_eq(&c, &fresh, sizeof c);
}

static union {
    sem_t semaphore;
    struct semaphore_view view;
} semaphore;

static void taken_semaphore(void *holder)
{
    sem_init(&semaphore.semaphore, 0, 0);
    semaphore.view.mark = SEMAPHORE_MARK;
    semaphore.view.holder = holder;
    held_push(ghost, entry_of(&semaphore, KIND_SEMAPHORE));
}

Test(repair, a_ghosts_semaphore_goes_to_the_next_taker)
{
    taken_semaphore(ghost);
    cr_assert_eq(repair(), 1);
    cr_assert_eq(sem_trywait(&semaphore.semaphore), 0);
}

Test(repair, so_does_one_that_was_being_taken)
{
    taken_semaphore(NULL);
    cr_assert_eq(repair(), 1);
    cr_assert_eq(sem_trywait(&semaphore.semaphore), 0);
}

Test(repair, the_survivors_semaphore_stays_taken)
{
    taken_semaphore(me);
    cr_assert_eq(repair(), 0);
    cr_assert_neq(sem_trywait(&semaphore.semaphore), 0);
}

Test(repair, a_destroyed_semaphore_is_left_alone)
{
    taken_semaphore(ghost);
    semaphore.view.mark = 0;
    cr_assert_eq(repair(), 0);
    cr_assert_neq(sem_trywait(&semaphore.semaphore), 0);
}

Test(repair, so_is_one_that_other_processes_share)
{
    taken_semaphore(ghost);
    semaphore.view.shared = 1;
    cr_assert_eq(repair(), 0);
    cr_assert_neq(sem_trywait(&semaphore.semaphore), 0);
}

Test(repair, the_ghosts_entries_are_mended_once)
{
    static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
    taken_by(&m, GHOST_TID, 1);
    held_push(ghost, entry_of(&m, KIND_MUTEX));
    cr_assert_eq(repair(), 1);
    taken_by(&m, GHOST_TID, 1);
    cr_assert_eq(repair(), 0, "a ghost of a ghost");
}

static int resets;

static void reset(void *lock)
{
    *(char *)lock = 0;
    resets++;
}

/* Two locks in one word, as spinlocks of a byte may be: one of the ghost's, one that it waited for. */
Test(repair, a_programs_own_lock_is_reset_unless_the_survivor_has_it)
{
    static char locks[8] __attribute__((aligned(8))) = {1, 1};
    for (int i = 0; i < 2; i++) {
        ghost->customs[i].lock = &locks[i];
        ghost->customs[i].reset = reset;
    }
    me->customs[0] = ghost->customs[1];
    held_push(ghost, entry_of(locks, KIND_CUSTOM));
    repair();
    cr_assert_eq(resets, 1);
    cr_assert_eq(locks[0], 0);
    cr_assert_eq(locks[1], 1);
}
