/* bare: ok; shimmed: ok */
/*
 * Four threads fork at once, and the children start threads; meanwhile a
 * signal handler forks in a fifth, wherever it happens to be between two locks.
 *
 *   fork_in_signal [ROUNDS=300]      forks by each thread
 *
 * Status 0: nothing hung.  An alarm after 60 s ends what does.
 */
#include "victim.h"

enum { FORKERS = 4 };

static int rounds;
static int running = FORKERS;
static struct tally total, of_handler;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* guards total */
static pthread_mutex_t other = PTHREAD_MUTEX_INITIALIZER;
static bool stop;

static void *nothing(void *unused)
{
    return unused;
}

static int child(void *unused)
{
    MUST(pthread_join(start(nothing, unused), NULL));
    return CHILD_OK;
}

static void *fork_often(void *unused)
{
    struct tally tally = {0};

    for (int i = 0; i < rounds && !enough(&tally); i++)
        try_fork(&tally, child, unused);
    MUST(pthread_mutex_lock(&mutex));
    add_tally(&total, &tally);
    MUST(pthread_mutex_unlock(&mutex));
    __atomic_sub_fetch(&running, 1, __ATOMIC_RELEASE);
    return NULL;
}

static void handle(int signal)
{
    int saved = errno;

    (void)signal;
    try_fork(&of_handler, child, NULL);
    errno = saved;
}

static void *lock_often(void *unused)
{
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
        MUST(pthread_mutex_lock(&other));
        MUST(pthread_mutex_unlock(&other));
    }
    return unused;
}

int main(int argc, char **argv)
{
    struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART};
    pthread_t forkers[FORKERS], locker;

    rounds = argument(argc, argv, 1, 300);
    alarm(60);
    sigaction(SIGUSR1, &action, NULL);
    locker = start(lock_often, NULL);
    for (int i = 0; i < FORKERS; i++)
        forkers[i] = start(fork_often, NULL);
    for (uint32_t seed = 1; __atomic_load_n(&running, __ATOMIC_ACQUIRE) > 0;) {
        MUST(pthread_kill(locker, SIGUSR1));
        sleep_us(500 + next_random(&seed) % 3000);
    }
    for (int i = 0; i < FORKERS; i++)
        MUST(pthread_join(forkers[i], NULL));
    __atomic_store_n(&stop, true, __ATOMIC_RELAXED);
    MUST(pthread_join(locker, NULL));
    printf("by_handler=%d ", of_handler.of);
    add_tally(&total, &of_handler);
    return verdict(&total);
}
