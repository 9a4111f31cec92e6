/*
 * For victims in which something happens when the gate is closed: how a thread comes to know of it, bare too, where
 * the fork is over then; and data that are whole when a fork waits for their section.
 */
#ifndef CLOSING_H
#define CLOSING_H

#include "victim.h"

static pthread_mutex_t probes = PTHREAD_MUTEX_INITIALIZER, data = PTHREAD_MUTEX_INITIALIZER,
                       handlers = PTHREAD_MUTEX_INITIALIZER;
static volatile unsigned long left, right; /* guarded by data: equal */
static pthread_t prober;
static pid_t probe_id;
static bool forked;

static inline bool is_forked(void) { return __atomic_load_n(&forked, __ATOMIC_ACQUIRE); }

/* It sleeps when the gate is closed, and never before. */
static void *probe(void *unused)
{
    __atomic_store_n(&probe_id, gettid(), __ATOMIC_RELEASE);
    while (!is_forked()) {
        MUST(pthread_mutex_lock(&probes));
        MUST(pthread_mutex_unlock(&probes));
    }
    return unused;
}

static inline void await_closed(void)
{
    char task[64];

    snprintf(task, sizeof task, "/proc/self/task/%d/stat", __atomic_load_n(&probe_id, __ATOMIC_ACQUIRE));
    while (!is_forked() && state_of(task) != 'S')
        ;
}

static inline void begin_closing(void)
{
    __atomic_store_n(&forked, false, __ATOMIC_RELEASE);
    probe_id = 0;
}

static inline void start_probe(void)
{
    prober = start(probe, NULL);
    while (__atomic_load_n(&probe_id, __ATOMIC_ACQUIRE) == 0)
        ;
}

static int compare(void *unused)
{
    (void)unused;
    MUST(pthread_mutex_lock(&data));
    return left == right ? CHILD_OK : CHILD_TORN;
}

static inline void fork_once(struct tally *tally)
{
    try_fork(tally, compare, NULL);
    __atomic_store_n(&forked, true, __ATOMIC_RELEASE);
    MUST(pthread_join(prober, NULL));
}

/* A signal handler does. */
static inline void lock_in_handler(void)
{
    MUST(pthread_mutex_lock(&handlers));
    MUST(pthread_mutex_unlock(&handlers));
}

#endif
