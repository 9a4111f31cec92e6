/* Taking and giving back every kind of lock, by libc's functions. */
#ifndef HOLDSTILL_ACQUIRE_H
#define HOLDSTILL_ACQUIRE_H

#include <semaphore.h>
#include <time.h>

#include "base/export.h"
#include "base/layout.h"
#include "base/libc.h"
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

/* Runs libc's signal or broadcast, known once we are awake, listed as an operation on c. */
int operate_condition(pthread_cond_t *c, int (*const *operation)(pthread_cond_t *), const void *site);

/* The gate was closed when an acquisition of fast.h looked, listed at `place`: see to it. */
int acquired_at_closed_gate(void *object, enum kind kind, enum method method, const void *site,
                            int place);

/* Private and initialised to 1: used as a lock. */
static inline struct semaphore_view *semaphore_view(sem_t *s) { return (void *)s; }
static inline int semaphore_is_lock(sem_t *s)
{
    return layout.semaphore_tail && semaphore_view(s)->mark == SEMAPHORE_MARK;
}

#endif
