/* bare: ok; shimmed: ok */
/*
 * Threads asleep without a time limit (in a condition, poll, a semaphore, a
 * read), every second one detached: they delay no exit.
 *
 *   idle_threads [THREADS=50]
 *
 * Prints the time at which main returned (see repeat -t).  Status 5.
 */
#include "victim.h"

#include <poll.h>
#include <semaphore.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t never = PTHREAD_COND_INITIALIZER;
static sem_t empty;
static int silent[2];

static void *idle_in_condition(void *unused)
{
    MUST(pthread_mutex_lock(&mutex));
    for (;;)
        pthread_cond_wait(&never, &mutex);
    return unused;
}

static void *idle_in_poll(void *unused)
{
    for (;;) {
        struct pollfd fd = {.fd = silent[0], .events = POLLIN};

        poll(&fd, 1, -1);
    }
    return unused;
}

static void *idle_in_semaphore(void *unused)
{
    for (;;)
        sem_wait(&empty);
    return unused;
}

static void *idle_in_read(void *unused)
{
    char byte;

    while (read(silent[0], &byte, 1) != 0)
        ;
    return unused;
}

static void *(*const idle[])(void *) = {
    idle_in_condition,
    idle_in_poll,
    idle_in_semaphore,
    idle_in_read,
};

int main(int argc, char **argv)
{
    int threads = argument(argc, argv, 1, 50);

    if (pipe(silent) != 0 || sem_init(&empty, 0, 0) != 0)
        die("pipe, sem_init");
    for (int i = 0; i < threads; i++) {
        void *(*routine)(void *) = idle[i / 2 % 4];

        if (i % 2)
            start_detached(routine, NULL);
        else
            start(routine, NULL);
    }
    await_asleep(threads);
    mark_end();
    return 5;
}
