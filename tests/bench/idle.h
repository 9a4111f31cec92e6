#ifndef IDLE_H
#define IDLE_H

#include "bench.h"

static struct {
    pthread_mutex_t lock;
    pthread_cond_t arrived, never;
    int waiting; /* of those being started; guarded by lock */
} idle = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, PTHREAD_COND_INITIALIZER, 0};

static void *stay_idle(void *unused)
{
    pthread_mutex_lock(&idle.lock);
    idle.waiting++;
    pthread_cond_signal(&idle.arrived);
    for (;;)
        pthread_cond_wait(&idle.never, &idle.lock);
    return unused;
}

/* On return all of them wait: each gave the lock up inside its wait. */
static inline void start_idle_threads(int count)
{
    for (int i = 0; i < count; i++)
        start_thread(stay_idle, NULL, 0);
    pthread_mutex_lock(&idle.lock);
    while (idle.waiting < count)
        pthread_cond_wait(&idle.arrived, &idle.lock);
    idle.waiting = 0;
    pthread_mutex_unlock(&idle.lock);
}

#endif
