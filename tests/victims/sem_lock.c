/* bare: hangs; shimmed: ok */
/*
 * A semaphore that was initialised to 1 and is used as a lock: the child gets
 * it though another thread had it at the fork.
 *
 *   sem_lock releases|keeps [FORKS=100]
 *   sem_lock list                  prints the names
 *
 * releases: threads take it for short, and what it guards must be whole in the
 * child; keeps: a thread never gives it back.  Status 0: no hang, nothing torn.
 */
#include "victim.h"

#include <semaphore.h>

enum { THREADS = 3 };

static const struct {
    const char *name;
} ways[] = {{"releases"}, {"keeps"}};

static sem_t lock;
static volatile unsigned long left, right; /* guarded by lock: equal */
static bool keeps, stop;
static pthread_barrier_t taken;

static void take(void)
{
    while (sem_wait(&lock) != 0)
        ;
}

static void *keep(void *unused)
{
    take();
    pthread_barrier_wait(&taken);
    for (;;)
        pause();
    return unused;
}

static void *use(void *unused)
{
    pthread_barrier_wait(&taken);
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
        take();
        left++;
        for (int i = 0; i < 2000; i++)
            right = left - 1;
        right++;
        sem_post(&lock);
    }
    return unused;
}

static void *take_and_check(void *unused)
{
    bool whole;

    (void)unused;
    take();
    whole = keeps || left == right;
    sem_post(&lock);
    return (void *)(intptr_t)(whole ? CHILD_OK : CHILD_TORN);
}

static int child(void *unused)
{
    void *result = take_and_check(unused);

    if (result == NULL)
        MUST(pthread_join(start(take_and_check, unused), &result));
    return (int)(intptr_t)result;
}

int main(int argc, char **argv)
{
    int forks = argument(argc, argv, 2, 100);
    struct tally tally = {0};
    pthread_t threads[THREADS];
    int count;

    LIST_NAMES(argc, argv, ways);
    keeps = argc > 1 && strcmp(argv[1], "keeps") == 0;
    count = keeps ? 1 : THREADS;
    if (sem_init(&lock, 0, 1) != 0)
        die("sem_init");
    MUST(pthread_barrier_init(&taken, NULL, (unsigned)count + 1));
    for (int i = 0; i < count; i++)
        threads[i] = start(keeps ? keep : use, NULL);
    pthread_barrier_wait(&taken);
    for (int i = 0; i < forks && !enough(&tally); i++)
        try_fork(&tally, child, NULL);
    __atomic_store_n(&stop, true, __ATOMIC_RELAXED);
    for (int i = 0; i < count && !keeps; i++)
        MUST(pthread_join(threads[i], NULL));
    return verdict(&tally);
}
