/* bare: ok; shimmed: ok */
/*
 * A thread that will never end by itself: the exit must come all the same.
 *
 *   stubborn spin|sleep|lock-spin|lock-sleep [detached]
 *
 * It spins, or sleeps for days, or holds a lock while it does so.  Prints the
 * time at which main returned (see repeat -t).  Status 6.
 */
#include "victim.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t begun;
static bool locks, sleeps;

static void *stay(void *unused)
{
    if (locks)
        MUST(pthread_mutex_lock(&mutex));
    pthread_barrier_wait(&begun);
    for (;;)
        if (sleeps)
            sleep(1000000);
    return unused;
}

int main(int argc, char **argv)
{
    const char *how = argc > 1 ? argv[1] : "spin";

    locks = strncmp(how, "lock-", 5) == 0;
    sleeps = strstr(how, "sleep") != NULL;
    MUST(pthread_barrier_init(&begun, NULL, 2));
    if (argc > 2 && strcmp(argv[2], "detached") == 0)
        start_detached(stay, NULL);
    else
        start(stay, NULL);
    pthread_barrier_wait(&begun);
    if (sleeps)
        await_asleep(1);
    mark_end();
    return 6;
}
