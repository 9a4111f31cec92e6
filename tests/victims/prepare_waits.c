/* bare: ok; shimmed: ok */
/*
 * Handlers of pthread_atfork that need other threads while they run.
 *
 *   prepare_waits worker|locks [FORKS=300] [FORKS_MS=20000]
 *
 * worker: the prepare handler asks a worker to stand still and waits for its
 * answer by a condition (as gRPC does); the child starts another worker.
 * locks: they take every mutex in order, and release them in the parent and
 * make them new in the child (as allocators do), while threads use them.
 * Status 0: nothing hung, and the forks together took less than FORKS_MS.
 */
#include "victim.h"

enum { LOCKS = 8, THREADS = 4 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool pausing, paused, stop; /* guarded by mutex */
static unsigned long work_done;    /* by the worker alone, while not paused */

static pthread_mutex_t locks[LOCKS];
static volatile unsigned long counters[LOCKS][2]; /* each pair guarded by its lock: equal */
static bool stop_using;

static void *work(void *unused)
{
    MUST(pthread_mutex_lock(&mutex));
    while (!stop) {
        while (pausing && !stop) {
            paused = true;
            pthread_cond_broadcast(&changed);
            MUST(pthread_cond_wait(&changed, &mutex));
        }
        paused = false;
        MUST(pthread_mutex_unlock(&mutex));
        work_done++;
        MUST(pthread_mutex_lock(&mutex));
    }
    MUST(pthread_mutex_unlock(&mutex));
    return unused;
}

static void pause_worker(void)
{
    MUST(pthread_mutex_lock(&mutex));
    pausing = true;
    while (!paused)
        MUST(pthread_cond_wait(&changed, &mutex));
    MUST(pthread_mutex_unlock(&mutex));
}

static void resume_worker(void)
{
    MUST(pthread_mutex_lock(&mutex));
    pausing = paused = false;
    pthread_cond_broadcast(&changed);
    MUST(pthread_mutex_unlock(&mutex));
}

static void renew_worker(void)
{
    MUST(pthread_mutex_init(&mutex, NULL));
    MUST(pthread_cond_init(&changed, NULL));
    pausing = paused = false;
    start(work, NULL);
}

static int child_with_worker(void *unused)
{
    (void)unused;
    pause_worker();
    resume_worker();
    return CHILD_OK;
}

static void lock_all(void)
{
    for (int i = 0; i < LOCKS; i++)
        MUST(pthread_mutex_lock(&locks[i]));
}

static void unlock_all(void)
{
    for (int i = LOCKS - 1; i >= 0; i--)
        MUST(pthread_mutex_unlock(&locks[i]));
}

static void renew_all(void)
{
    for (int i = LOCKS - 1; i >= 0; i--)
        MUST(pthread_mutex_init(&locks[i], NULL));
}

static void *use_locks(void *number)
{
    uint32_t seed = 1 + (uint32_t)(uintptr_t)number;

    while (!__atomic_load_n(&stop_using, __ATOMIC_RELAXED)) {
        int i = (int)(next_random(&seed) % LOCKS);

        MUST(pthread_mutex_lock(&locks[i]));
        counters[i][0]++;
        for (int turn = next_random(&seed) % 200; turn > 0; turn--)
            counters[i][1] = counters[i][0] - 1;
        counters[i][1]++;
        MUST(pthread_mutex_unlock(&locks[i]));
    }
    return NULL;
}

static void *check_locks(void *unused)
{
    bool whole = true;

    (void)unused;
    lock_all();
    for (int i = 0; i < LOCKS; i++)
        whole = whole && counters[i][0] == counters[i][1];
    unlock_all();
    return (void *)(intptr_t)(whole ? CHILD_OK : CHILD_TORN);
}

static int child_with_locks(void *unused)
{
    void *result = check_locks(unused);

    if (result == NULL)
        MUST(pthread_join(start(check_locks, unused), &result));
    return (int)(intptr_t)result;
}

int main(int argc, char **argv)
{
    bool by_worker = argc > 1 && strcmp(argv[1], "worker") == 0;
    int forks = argument(argc, argv, 2, 300);
    int allowed_ms = argument(argc, argv, 3, 20000);
    struct tally tally = {0};
    double forks_ms = 0;

    for (int i = 0; i < LOCKS; i++)
        MUST(pthread_mutex_init(&locks[i], NULL));
    for (int i = 0; i < (by_worker ? 1 : THREADS); i++)
        start(by_worker ? work : use_locks, (void *)(uintptr_t)i);
    if (by_worker)
        MUST(pthread_atfork(pause_worker, resume_worker, renew_worker));
    else
        MUST(pthread_atfork(lock_all, unlock_all, renew_all));
    alarm(60);
    for (int i = 0; i < forks && !enough(&tally); i++) {
        try_fork(&tally, by_worker ? child_with_worker : child_with_locks, NULL);
        forks_ms += last_fork_ms(&tally);
    }
    printf("forks_ms=%.1f ", forks_ms);
    return verdict(&tally) || forks_ms > allowed_ms;
}
