/* bare: wrong; shimmed: ok */
/*
 * A program that tells the shim what it wants in which order at its end: hooks
 * before the joins, by priority, then joins, handlers, hooks after them.
 *
 *   tiers [quick]
 *
 * Threads: a detached one that is to be joined (it waits until the first hook
 * tells it to end), one that is to be left (it runs on beside the handlers: the
 * last handler waits for it to move), and a joinable one that is not to be
 * waited for.  Output: the order.  Status 2.
 */
#include "victim.h"

#include <holdstill.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool stop; /* guarded by mutex */
static pthread_barrier_t running;
static volatile unsigned long left_moves;

static void *joined(void *unused)
{
    holdstill_thread_class(HOLDSTILL_JOINED);
    pthread_barrier_wait(&running);
    MUST(pthread_mutex_lock(&mutex));
    while (!stop)
        MUST(pthread_cond_wait(&changed, &mutex));
    MUST(pthread_mutex_unlock(&mutex));
    crumb("joined");
    return unused;
}

static void *left(void *unused)
{
    holdstill_thread_class(HOLDSTILL_LEFT);
    pthread_barrier_wait(&running);
    for (;;) {
        MUST(pthread_mutex_lock(&mutex));
        left_moves++;
        MUST(pthread_mutex_unlock(&mutex));
    }
    return unused;
}

static void *still(void *unused)
{
    holdstill_thread_class(HOLDSTILL_STILL);
    pthread_barrier_wait(&running);
    for (;;)
        ;
    return unused;
}

static void tell(void *unused)
{
    (void)unused;
    crumb("tell");
    MUST(pthread_mutex_lock(&mutex));
    stop = true;
    MUST(pthread_cond_broadcast(&changed));
    MUST(pthread_mutex_unlock(&mutex));
}

static void say(void *name)
{
    crumb(name);
}

static void handler(void)
{
    unsigned long before = left_moves;

    while (left_moves == before)
        ;
    crumb("handler");
}

int main(int argc, char **argv)
{
    atexit(handler);
    at_quick_exit(handler);
    holdstill_at_stop(tell, NULL, -5);
    holdstill_at_stop(say, "second", 10);
    holdstill_at_stop(say, "first", 20);
    holdstill_at_end(say, "second-last", 1);
    holdstill_at_end(say, "last", 0);
    MUST(pthread_barrier_init(&running, NULL, 4));
    start_detached(joined, NULL);
    start_detached(left, NULL);
    start(still, NULL);
    pthread_barrier_wait(&running);
    if (argc > 1 && strcmp(argv[1], "quick") == 0)
        quick_exit(2);
    return 2;
}
