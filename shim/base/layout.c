#include "layout.h"

#include <errno.h>
#include <string.h>
#include <sys/auxv.h>

#include "elf.h"
#include "libc.h"
#include "sys.h"
#include "uncontended.h"

struct layout layout = {.page_size = 4096, .condition_wrefs = -1};

/*
 * Condition: initialised process-shared and for the monotonic clock, its only non-zero word is the
 * one of flags, and it is 3. (That word moved in 2.41 and in release branches of 2.38 to 2.40.)
 */
static int probe_condition(void)
{
    pthread_condattr_t attributes;
    union {
        pthread_cond_t condition;
        uint32_t word[sizeof(pthread_cond_t) / 4];
    } u;
    int found = -1;
    __typeof__(pthread_condattr_setpshared) *set_shared = elf_next("pthread_condattr_setpshared");
    __typeof__(pthread_condattr_setclock) *set_clock = elf_next("pthread_condattr_setclock");
    __typeof__(pthread_cond_init) *init = elf_next("pthread_cond_init");
    if (!set_shared || !set_clock || !init)
        return -1;
    memset(&u, 0, sizeof u);
    memset(&attributes, 0, sizeof attributes);
    set_shared(&attributes, PTHREAD_PROCESS_SHARED);
    set_clock(&attributes, CLOCK_MONOTONIC);
    if (init(&u.condition, &attributes) != 0)
        return -1;
    for (unsigned i = 0; i < sizeof u.word / sizeof *u.word; i++) {
        if (u.word[i] == 0)
            continue;
        if (u.word[i] != 3 || found >= 0)
            return -1;
        found = (int)i;
    }
    return found;
}

/* Made for 5 threads, process-shared: only the words of count and sharing are not zero. */
static int probe_barrier(void)
{
    union {
        pthread_barrier_t barrier;
        uint32_t word[sizeof(pthread_barrier_t) / 4];
    } u;
    memset(&u, 0, sizeof u);
    if (libc.pthread_barrier_init(&u.barrier, NULL, 5) != 0 || u.word[BARRIER_SHARED] != 0)
        return 0;
    pthread_barrierattr_t attributes;
    __typeof__(pthread_barrierattr_setpshared) *set_shared =
        elf_next("pthread_barrierattr_setpshared");
    memset(&attributes, 0, sizeof attributes);
    if (!set_shared || set_shared(&attributes, PTHREAD_PROCESS_SHARED) != 0 ||
        libc.pthread_barrier_init(&u.barrier, &attributes, 5) != 0)
        return 0;
    return u.word[BARRIER_IN] == 0 && u.word[BARRIER_ROUND] == 0 && u.word[BARRIER_COUNT] == 5 &&
           u.word[BARRIER_SHARED] != 0 && u.word[BARRIER_OUT] == 0;
}

static int probe_semaphore(void)
{
    union {
        sem_t semaphore;
        struct semaphore_view view;
    } u;
    const uintptr_t pattern = (uintptr_t)0x5a5a5a5a5a5a5a5a;
    if (sizeof(sem_t) < sizeof(struct semaphore_view))
        return 0;
    memset(&u, 0x5a, sizeof u);
    if (libc.sem_init(&u.semaphore, 0, 1) != 0 || u.view.value != 1)
        return 0;
    if (libc.sem_trywait(&u.semaphore) != 0 || u.view.value != 0)
        return 0;
    if (libc.sem_post(&u.semaphore) != 0 || u.view.value != 1)
        return 0;
    return u.view.mark == pattern && (uintptr_t)u.view.holder == pattern;
}

static int looks(const pthread_mutex_t *m, int lock, int owner, unsigned users)
{
    return m->__data.__lock == lock && m->__data.__owner == owner && m->__data.__nusers == users;
}

/*
 * Whether an attempt to lock it once more ends so and leaves the word so. No libc waits until a negative time,
 * but an old one may not touch the mutex either; 0 makes it ask the kernel, which takes as long as all the rest.
 */
static int fails(pthread_mutex_t *m, int error, int lock)
{
    for (struct timespec past = {-1, 0}; past.tv_sec <= 0; past.tv_sec++) {
        if (libc.pthread_mutex_timedlock(m, &past) != error)
            return 0;
        if (m->__data.__lock == lock)
            return 1;
    }
    return 0;
}

/* Each is locked one way, looked at, and unlocked the other way; contended too. */
static int probe_mutex_type(int type, int tid)
{
    pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
    const int checks = type == PTHREAD_MUTEX_ERRORCHECK_NP;
    const int again = checks ? EDEADLK : ETIMEDOUT, contended = checks ? 1 : 2;
    m.__data.__kind = type;
    if (libc.pthread_mutex_lock(&m) != 0 || !looks(&m, 1, tid, 1))
        return 0;
    m.__data.__count = 0;
    mutex_give(&m);
    if (!looks(&m, 0, 0, 0) || !mutex_take(&m, tid) || !looks(&m, 1, tid, 1) || mutex_take(&m, tid))
        return 0;
    if (type == PTHREAD_MUTEX_RECURSIVE_NP) {
        if (libc.pthread_mutex_trylock(&m) != 0 || m.__data.__count != 2 || !looks(&m, 1, tid, 1) ||
            libc.pthread_mutex_unlock(&m) != 0 || m.__data.__count != 1)
            return 0;
    } else if (libc.pthread_mutex_trylock(&m) != EBUSY ||
               !fails(&m, again, contended) || !looks(&m, contended, tid, 1)) {
        return 0;
    }
    return libc.pthread_mutex_unlock(&m) == 0 && looks(&m, 0, 0, 0) && m.__data.__kind == type;
}

static int probe_mutex(void)
{
    const int tid = sys_gettid();
    return probe_mutex_type(PTHREAD_MUTEX_TIMED_NP, tid) &&
           probe_mutex_type(PTHREAD_MUTEX_RECURSIVE_NP, tid) &&
           probe_mutex_type(PTHREAD_MUTEX_ERRORCHECK_NP, tid) &&
           probe_mutex_type(PTHREAD_MUTEX_ADAPTIVE_NP, tid);
}

static int probe_rwlock(void)
{
    pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER, free = lock;
    if (libc.pthread_rwlock_rdlock(&lock) != 0 || !rwlock_take_read(&lock) ||
        libc.pthread_rwlock_trywrlock(&lock) != EBUSY || libc.pthread_rwlock_unlock(&lock) != 0 ||
        libc.pthread_rwlock_trywrlock(&lock) != EBUSY || !rwlock_give_read(&lock) ||
        memcmp(&lock, &free, sizeof lock) != 0)
        return 0;
    return libc.pthread_rwlock_trywrlock(&lock) == 0 && !rwlock_take_read(&lock) &&
           !rwlock_give_read(&lock) && libc.pthread_rwlock_unlock(&lock) == 0;
}

static int probe_semaphore_steps(void)
{
    sem_t s;
    if (libc.sem_init(&s, 0, 2) != 0)
        return 0;
    return semaphore_take(&s) && libc.sem_trywait(&s) == 0 && !semaphore_take(&s) &&
           libc.sem_trywait(&s) != 0 && semaphore_give(&s) && libc.sem_trywait(&s) == 0 &&
           libc.sem_post(&s) == 0 && semaphore_take(&s) && !semaphore_take(&s);
}

static int probe_spin(void)
{
    pthread_spinlock_t s;
    if (libc.pthread_spin_init(&s, 0) != 0)
        return 0;
    return spin_take((int *)&s) && libc.pthread_spin_trylock(&s) == EBUSY &&
           libc.pthread_spin_unlock(&s) == 0 && libc.pthread_spin_lock(&s) == 0 &&
           !spin_take((int *)&s) && (spin_give((int *)&s), libc.pthread_spin_trylock(&s) == 0);
}

void layout_leave_to_libc(void)
{
    layout.mutex_steps = layout.rwlock_steps = layout.semaphore_steps = layout.spin_steps = 0;
    layout.outermost_slot_is_used = 1;
}

void layout_probe(void)
{
    unsigned long page_size = elf_auxiliary(AT_PAGESZ);
    if (page_size)
        layout.page_size = page_size;
    layout.condition_wrefs = probe_condition();
    layout.barrier = probe_barrier();
    layout.semaphore_tail = probe_semaphore();
    layout.mutex_steps = probe_mutex();
    layout.rwlock_steps = probe_rwlock();
    layout.semaphore_steps = layout.semaphore_tail && probe_semaphore_steps();
    layout.spin_steps = probe_spin();
    layout.outermost_slot_is_used = !layout.mutex_steps; /* 1: the TRY mark, of no object */
}
