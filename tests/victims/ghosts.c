/* bare: hangs; shimmed: ok */
/*
 * What threads that don't exist in the child were waiting for, or inside of,
 * at the fork works there as new.
 *
 *   ghosts KIND [FORKS=10]      a name from the table below
 *   ghosts list                 prints the names
 *
 * Bare: hangs, except for semaphore.  Status 0: all right.
 */
#include "victim.h"

#include <semaphore.h>

enum { GHOSTS = 3 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static bool ready; /* guarded by mutex */
static pthread_rwlock_t rwlock;
static sem_t semaphore;

#define CHECK(call)                                                                                \
    do {                                                                                           \
        if ((call) != 0)                                                                           \
            return CHILD_WRONG;                                                                    \
    } while (0)

static void *wait_in_condition(void *unused)
{
    MUST(pthread_mutex_lock(&mutex));
    while (!ready)
        MUST(pthread_cond_wait(&condition, &mutex));
    MUST(pthread_mutex_unlock(&mutex));
    return unused;
}

static void *take_mutex(void *unused)
{
    MUST(pthread_mutex_lock(&mutex));
    if (unused)
        pause();
    MUST(pthread_mutex_unlock(&mutex));
    return NULL;
}

static void *wait_for_semaphore(void *unused)
{
    while (sem_wait(&semaphore) != 0)
        ;
    return unused;
}

static void *take_to_read(void *forever)
{
    MUST(pthread_rwlock_rdlock(&rwlock));
    if (forever)
        pause();
    MUST(pthread_rwlock_unlock(&rwlock));
    return NULL;
}

static void *take_to_write(void *forever)
{
    MUST(pthread_rwlock_wrlock(&rwlock));
    if (forever)
        pause();
    MUST(pthread_rwlock_unlock(&rwlock));
    return NULL;
}

static void prepare_condition(void)
{
    for (int i = 0; i < GHOSTS; i++)
        start(wait_in_condition, NULL);
}

static int condition_in_child(void *unused)
{
    pthread_t waiters[2];

    CHECK(pthread_cond_signal(&condition));
    CHECK(pthread_cond_broadcast(&condition));
    for (int i = 0; i < 2; i++)
        waiters[i] = start(wait_in_condition, unused);
    await_asleep(2);
    CHECK(pthread_mutex_lock(&mutex));
    ready = true;
    CHECK(pthread_mutex_unlock(&mutex));
    CHECK(pthread_cond_signal(&condition));
    CHECK(pthread_cond_signal(&condition));
    for (int i = 0; i < 2; i++)
        CHECK(pthread_join(waiters[i], NULL));
    CHECK(pthread_cond_destroy(&condition));
    CHECK(pthread_mutex_destroy(&mutex));
    return CHILD_OK;
}

static void prepare_mutex(void)
{
    start(take_mutex, "and keep it");
    await_asleep(1);
    for (int i = 0; i < GHOSTS; i++)
        start(take_mutex, NULL);
}

static int mutex_in_child(void *unused)
{
    CHECK(pthread_mutex_lock(&mutex));
    CHECK(pthread_mutex_unlock(&mutex));
    CHECK(pthread_join(start(take_mutex, unused), NULL));
    CHECK(pthread_mutex_destroy(&mutex));
    return CHILD_OK;
}

static void *take_robust(void *forever)
{
    expect(pthread_mutex_lock(&mutex) == (forever ? EOWNERDEAD : 0), "robust");
    if (forever)
        pause();
    return NULL;
}

/* One thread ended with it, the next one hasn't made it consistent yet. */
static void prepare_inconsistent(void)
{
    pthread_mutexattr_t attributes;

    MUST(pthread_mutexattr_init(&attributes));
    MUST(pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST));
    MUST(pthread_mutex_init(&mutex, &attributes));
    MUST(pthread_join(start(take_robust, NULL), NULL));
    start(take_robust, "and keep it");
}

static int inconsistent_in_child(void *unused)
{
    CHECK(pthread_mutex_lock(&mutex) != EOWNERDEAD);
    CHECK(pthread_mutex_consistent(&mutex));
    CHECK(pthread_mutex_unlock(&mutex));
    return mutex_in_child(unused);
}

static void prepare_semaphore(void)
{
    for (int i = 0; i < GHOSTS; i++)
        start(wait_for_semaphore, NULL);
}

static int semaphore_in_child(void *unused)
{
    pthread_t waiter = start(wait_for_semaphore, unused);
    int value;

    await_asleep(1);
    CHECK(sem_post(&semaphore));
    CHECK(pthread_join(waiter, NULL));
    CHECK(sem_getvalue(&semaphore, &value));
    CHECK(value);
    CHECK(sem_destroy(&semaphore));
    return CHILD_OK;
}

static void prepare_reader(void)
{
    start(take_to_read, "and keep it");
}

static void prepare_writer(void)
{
    start(take_to_write, "and keep it");
}

/* The forking thread reads, one ghost waits to write, others behind it. */
static void prepare_queue(void)
{
    MUST(pthread_rwlock_rdlock(&rwlock));
    start(take_to_write, NULL);
    await_asleep(1);
    for (int i = 0; i < GHOSTS - 1; i++)
        start(take_to_read, NULL);
}

static int rwlock_in_child(void *unused)
{
    CHECK(pthread_rwlock_rdlock(&rwlock));
    CHECK(pthread_rwlock_unlock(&rwlock));
    CHECK(pthread_rwlock_wrlock(&rwlock));
    CHECK(pthread_rwlock_unlock(&rwlock));
    CHECK(pthread_join(start(take_to_write, unused), NULL));
    CHECK(pthread_join(start(take_to_read, unused), NULL));
    CHECK(pthread_rwlock_destroy(&rwlock));
    return CHILD_OK;
}

static int queue_in_child(void *unused)
{
    CHECK(pthread_rwlock_unlock(&rwlock));
    return rwlock_in_child(unused);
}

static const struct kind {
    const char *name;
    int asleep;
    void (*prepare)(void);
    int (*in_child)(void *);
} kinds[] = {
    {"condition", GHOSTS, prepare_condition, condition_in_child},
    {"mutex", GHOSTS + 1, prepare_mutex, mutex_in_child},
    {"inconsistent", 1, prepare_inconsistent, inconsistent_in_child},
    {"semaphore", GHOSTS, prepare_semaphore, semaphore_in_child},
    {"rwlock-reader", 1, prepare_reader, rwlock_in_child},
    {"rwlock-writer", 1, prepare_writer, rwlock_in_child},
    {"rwlock-queue", GHOSTS, prepare_queue, queue_in_child},
};

int main(int argc, char **argv)
{
    int forks = argument(argc, argv, 2, 10);
    pthread_rwlockattr_t attributes;
    struct tally tally = {0};

    LIST_NAMES(argc, argv, kinds);
    const struct kind *kind = FIND_BY_NAME(argv[1], kinds);
    if (!kind)
        return 99;
    MUST(pthread_rwlockattr_init(&attributes));
    MUST(pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP));
    MUST(pthread_rwlock_init(&rwlock, &attributes));
    if (sem_init(&semaphore, 0, 0) != 0)
        die("sem_init");
    kind->prepare();
    await_asleep(kind->asleep);
    for (int i = 0; i < forks && !enough(&tally); i++)
        try_fork(&tally, kind->in_child, NULL);
    return verdict(&tally);
}
