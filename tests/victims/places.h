/*
 * Locks of every kind, each of which guards two numbers that are equal whenever nobody holds it. Threads
 * visit them at random, one within another in the order of the table.
 */
#ifndef PLACES_H
#define PLACES_H

#include "victim.h"

#include <semaphore.h>
#include <threads.h>

struct place;

struct kind {
    const char *name;
    void (*make)(struct place *, int type);
    int (*take)(struct place *), (*give)(struct place *);
    int type; /* of a mutex: its type, + PI, + ROBUST */
};
enum { PI = 16, ROBUST = 32 };

struct place {
    union {
        pthread_mutex_t mutex;
        pthread_rwlock_t rwlock;
        pthread_spinlock_t spin;
        sem_t semaphore;
        mtx_t c11;
    };
    /* guarded by it: equal */
    volatile unsigned long left, right;
} __attribute__((aligned(64)));

static void make_mutex(struct place *p, int type)
{
    pthread_mutexattr_t attributes;

    MUST(pthread_mutexattr_init(&attributes));
    MUST(pthread_mutexattr_settype(&attributes, type & 15));
    if (type & PI)
        MUST(pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT));
    if (type & ROBUST)
        MUST(pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST));
    MUST(pthread_mutex_init(&p->mutex, &attributes));
}

/* Whether what its dead owner left is whole is looked at anyway. */
static int take_mutex(struct place *p)
{
    int error = pthread_mutex_lock(&p->mutex);

    return error == EOWNERDEAD ? pthread_mutex_consistent(&p->mutex) : error;
}
static int give_mutex(struct place *p) { return pthread_mutex_unlock(&p->mutex); }

static int take_mutex_timed(struct place *p)
{
    struct timespec until = in_ms(CLOCK_REALTIME, 60000);

    return pthread_mutex_timedlock(&p->mutex, &until);
}

static void make_rwlock(struct place *p, int type)
{
    pthread_rwlockattr_t attributes;

    MUST(pthread_rwlockattr_init(&attributes));
    MUST(pthread_rwlockattr_setkind_np(&attributes, type));
    MUST(pthread_rwlock_init(&p->rwlock, &attributes));
}

static int take_rwlock(struct place *p) { return pthread_rwlock_wrlock(&p->rwlock); }
static int give_rwlock(struct place *p) { return pthread_rwlock_unlock(&p->rwlock); }

static void make_spin(struct place *p, int type) { MUST(pthread_spin_init(&p->spin, type)); }
static int take_spin(struct place *p) { return pthread_spin_lock(&p->spin); }
static int give_spin(struct place *p) { return pthread_spin_unlock(&p->spin); }

static void make_semaphore(struct place *p, int type)
{
    if (sem_init(&p->semaphore, type, 1) != 0)
        die("sem_init");
}

static int take_semaphore(struct place *p)
{
    while (sem_wait(&p->semaphore) != 0)
        if (errno != EINTR)
            return errno;
    return 0;
}

static int give_semaphore(struct place *p) { return sem_post(&p->semaphore); }

static void make_c11(struct place *p, int type) { MUST(mtx_init(&p->c11, type) != thrd_success); }
static int take_c11(struct place *p) { return mtx_lock(&p->c11) != thrd_success; }
static int give_c11(struct place *p) { return mtx_unlock(&p->c11) != thrd_success; }

static const struct kind kinds[] = {
    {"normal", make_mutex, take_mutex, give_mutex, PTHREAD_MUTEX_NORMAL},
    {"recursive", make_mutex, take_mutex, give_mutex, PTHREAD_MUTEX_RECURSIVE},
    {"errorcheck", make_mutex, take_mutex, give_mutex, PTHREAD_MUTEX_ERRORCHECK},
    {"adaptive", make_mutex, take_mutex, give_mutex, PTHREAD_MUTEX_ADAPTIVE_NP},
    {"timed", make_mutex, take_mutex_timed, give_mutex, PTHREAD_MUTEX_TIMED_NP},
    {"pi", make_mutex, take_mutex, give_mutex, PTHREAD_MUTEX_NORMAL | PI},
    {"robust", make_mutex, take_mutex, give_mutex, PTHREAD_MUTEX_RECURSIVE | ROBUST},
    {"rwlock", make_rwlock, take_rwlock, give_rwlock, PTHREAD_RWLOCK_DEFAULT_NP},
    {"writer", make_rwlock, take_rwlock, give_rwlock, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP},
    {"spin", make_spin, take_spin, give_spin, PTHREAD_PROCESS_PRIVATE},
    {"semaphore", make_semaphore, take_semaphore, give_semaphore, 0},
    {"mtx", make_c11, take_c11, give_c11, mtx_plain},
    {"mtx-recursive", make_c11, take_c11, give_c11, mtx_plain | mtx_recursive},
};
enum { KINDS = sizeof kinds / sizeof kinds[0], PLACES = 2 * KINDS };

static struct place places[PLACES]; /* taken in this order where nested */
/* By a reader. */
static inline bool look(struct place *p)
{
    bool whole;

    MUST(pthread_rwlock_rdlock(&p->rwlock));
    whole = p->left == p->right;
    MUST(pthread_rwlock_unlock(&p->rwlock));
    return whole;
}

/* Was what the lock guards whole? `inner` is visited within, if it comes later in the table. */
static inline bool visit(int index, int inner, uint32_t *seed)
{
    const struct kind *kind = &kinds[index % KINDS];
    struct place *p = &places[index];
    bool whole;

    if (kind->make == make_rwlock && next_random(seed) % 2)
        return look(p);
    MUST(kind->take(p));
    whole = p->left == p->right;
    p->left++;
    if (inner > index)
        whole &= visit(inner, 0, seed);
    for (int i = next_random(seed) % 500; i > 0; i--)
        p->right = p->left - 1;
    p->right = p->left;
    MUST(kind->give(p));
    return whole;
}

static inline void make_places(void)
{
    for (int i = 0; i < PLACES; i++)
        kinds[i % KINDS].make(&places[i], kinds[i % KINDS].type);
}

#endif
