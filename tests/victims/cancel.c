/* bare: ok; shimmed: ok */
/*
 * Cancellation as libc has it: threads are cancelled while they wait, or before
 * they do; cleanup handlers run once, in order, a condition's with the mutex
 * held; calls that are no cancellation point stay none, while others fork, too.
 *
 *   cancel [ROUNDS=20]
 *
 * Status 0: nothing else was seen.
 */
#include "victim.h"

#include <poll.h>
#include <semaphore.h>

enum { FORKS = 20 };

static pthread_mutex_t mutex; /* errorcheck: unlock tells who holds it */
static pthread_cond_t never = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static sem_t empty, posted;
static int silent[2];
static pthread_t sleeper;
static pthread_barrier_t begun, cancelled;
static char trail[64]; /* by the cancelled thread, read once it is joined */
static bool stop;

static void unlock(void *unused)
{
    (void)unused;
    expect(pthread_mutex_unlock(&mutex) == 0, "cleanup runs with the mutex held");
}

static void wait_in_condition(void)
{
    MUST(pthread_mutex_lock(&mutex));
    pthread_cleanup_push(unlock, NULL);
    for (;;)
        pthread_cond_wait(&never, &mutex);
    pthread_cleanup_pop(0);
}

static void wait_in_condition_timed(void)
{
    struct timespec until = in_ms(CLOCK_REALTIME, 60000);

    MUST(pthread_mutex_lock(&mutex));
    pthread_cleanup_push(unlock, NULL);
    pthread_cond_timedwait(&never, &mutex, &until);
    pthread_cleanup_pop(0);
}

static void wait_for_semaphore(void)
{
    sem_wait(&empty);
}

static void wait_in_read(void)
{
    char byte;

    expect(read(silent[0], &byte, 1) != 0, "the pipe is open");
}

static void wait_in_poll(void)
{
    poll(NULL, 0, -1);
}

static void wait_in_sleep(void)
{
    sleep(60);
}

static void wait_in_join(void)
{
    pthread_join(sleeper, NULL);
}

static void (*const waits[])(void) = {
    wait_in_condition, wait_in_condition_timed, wait_for_semaphore, wait_in_read,
    wait_in_poll,      wait_in_sleep,           wait_in_join,
};
enum { WAITS = sizeof waits / sizeof waits[0] };

static void note(void *step)
{
    strcat(trail, step);
}

static void wait_noting(int which)
{
    pthread_cleanup_push(note, "outer ");
    pthread_cleanup_push(note, "inner ");
    waits[which]();
    pthread_cleanup_pop(0);
    pthread_cleanup_pop(0);
}

static void *be_cancelled(void *which)
{
    pthread_barrier_wait(&begun);
    wait_noting((int)(intptr_t)which);
    return "it returned";
}

static void *be_cancelled_before(void *which)
{
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    pthread_barrier_wait(&begun);
    pthread_barrier_wait(&cancelled);
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
    wait_noting((int)(intptr_t)which);
    return "it returned";
}

static void *sleep_for_long(void *unused)
{
    for (;;)
        sleep(60);
    return unused;
}

static void cancel_in(int which, bool before)
{
    pthread_t thread;
    void *result;

    trail[0] = '\0';
    thread = start(before ? be_cancelled_before : be_cancelled, (void *)(intptr_t)which);
    pthread_barrier_wait(&begun);
    if (!before)
        await_asleep(2);
    MUST(pthread_cancel(thread));
    if (before)
        pthread_barrier_wait(&cancelled);
    MUST(pthread_join(thread, &result));
    expect(result == PTHREAD_CANCELED, "joined as cancelled");
    expect(strcmp(trail, "inner outer ") == 0, "each handler once, the inner first");
    expect(pthread_mutex_trylock(&mutex) == 0, "the mutex is free afterwards");
    pthread_mutex_unlock(&mutex);
}

/* With a cancellation pending, and no call that may act upon it. */
static void *stay(void *unused)
{
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    pthread_barrier_wait(&begun);
    pthread_barrier_wait(&cancelled);
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
    (void)unused;
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
        pthread_mutex_lock(&mutex);
        pthread_cond_signal(&never);
        pthread_mutex_unlock(&mutex);
        if (pthread_mutex_trylock(&mutex) == 0)
            pthread_mutex_unlock(&mutex);
        pthread_rwlock_rdlock(&rwlock);
        pthread_rwlock_unlock(&rwlock);
        pthread_rwlock_wrlock(&rwlock);
        pthread_rwlock_unlock(&rwlock);
        sem_post(&posted);
        sem_trywait(&posted);
    }
    return "it stayed";
}

static int nothing(void *unused)
{
    (void)unused;
    return CHILD_OK;
}

static void cancel_and_fork(struct tally *tally)
{
    pthread_t threads[2];
    void *result;

    stop = false;
    for (int i = 0; i < 2; i++) {
        threads[i] = start(stay, NULL);
        pthread_barrier_wait(&begun);
        MUST(pthread_cancel(threads[i]));
        pthread_barrier_wait(&cancelled);
    }
    for (int i = 0; i < FORKS; i++)
        try_fork(tally, nothing, NULL);
    __atomic_store_n(&stop, true, __ATOMIC_RELAXED);
    for (int i = 0; i < 2; i++) {
        MUST(pthread_join(threads[i], &result));
        expect(result != PTHREAD_CANCELED, "locks are no cancellation points");
    }
}

int main(int argc, char **argv)
{
    int rounds = argument(argc, argv, 1, 20);
    pthread_mutexattr_t attributes;
    struct tally tally = {0};
    int value;

    MUST(pthread_mutexattr_init(&attributes));
    MUST(pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK));
    MUST(pthread_mutex_init(&mutex, &attributes));
    MUST(pthread_barrier_init(&begun, NULL, 2));
    MUST(pthread_barrier_init(&cancelled, NULL, 2));
    if (pipe(silent) != 0 || sem_init(&empty, 0, 0) != 0 || sem_init(&posted, 0, 0) != 0)
        die("pipe, sem_init");
    alarm(60);
    sleeper = start(sleep_for_long, NULL);
    for (int i = 0; i < rounds; i++)
        for (int which = 0; which < WAITS; which++) {
            cancel_in(which, false);
            cancel_in(which, true);
        }
    sem_post(&empty);
    sem_getvalue(&empty, &value);
    expect(value == 1, "a cancelled waiter took nothing");
    cancel_and_fork(&tally);
    tally.wrong += *findings();
    return verdict(&tally);
}
