/* bare: hangs; shimmed: ok */
/*
 * A thread holds a lock and sits in a read for ever.  The child gets the lock;
 * and no fork may wait for that thread again and again.
 *
 *   holder_forever mutex|read|write [FORKS=100] [FORKS_MS=5000]
 *
 * Status 0: no child hung, and all the forks together took less than FORKS_MS.
 */
#include "victim.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_barrier_t taken;
static int silent[2];

static void *hold(void *kind)
{
    char byte;

    if (strcmp(kind, "mutex") == 0)
        MUST(pthread_mutex_lock(&mutex));
    else if (strcmp(kind, "read") == 0)
        MUST(pthread_rwlock_rdlock(&rwlock));
    else
        MUST(pthread_rwlock_wrlock(&rwlock));
    pthread_barrier_wait(&taken);
    for (;;)
        if (read(silent[0], &byte, 1) == 0)
            pause();
}

static void *take_all(void *unused)
{
    if (pthread_mutex_lock(&mutex) != 0 || pthread_rwlock_wrlock(&rwlock) != 0 ||
        pthread_rwlock_unlock(&rwlock) != 0 || pthread_mutex_unlock(&mutex) != 0)
        _exit(CHILD_WRONG);
    return unused;
}

static int child(void *unused)
{
    take_all(unused);
    MUST(pthread_join(start(take_all, unused), NULL));
    return CHILD_OK;
}

int main(int argc, char **argv)
{
    int forks = argument(argc, argv, 2, 100);
    int allowed_ms = argument(argc, argv, 3, 5000);
    struct tally tally = {0};
    double forks_ms = 0;

    if (pipe(silent) != 0)
        die("pipe");
    MUST(pthread_barrier_init(&taken, NULL, 2));
    start(hold, argc > 1 ? argv[1] : "mutex");
    pthread_barrier_wait(&taken);
    await_asleep(1);
    for (int i = 0; i < forks && !enough(&tally); i++) {
        try_fork(&tally, child, NULL);
        forks_ms += last_fork_ms(&tally);
    }
    printf("forks_ms=%.1f ", forks_ms);
    return verdict(&tally) || forks_ms > allowed_ms;
}
