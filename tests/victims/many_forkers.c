/* bare: hangs; shimmed: ok */
/*
 * Four threads fork at once, again and again, each right after it changed what a
 * mutex guards; meanwhile a signal handler forks at random moments in a fifth,
 * which takes another mutex all the time.  Each child takes the first mutex,
 * starts a thread that takes it too, and forks again while that one is at it.
 *
 *   many_forkers [ROUNDS=300]      forks by each thread
 *
 * Status 0: no child or grandchild hung, none found torn data.
 */
#include "victim.h"

enum { FORKERS = 4, TURNS = 40 };

static int rounds;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static volatile unsigned long left, right; /* guarded by mutex: equal */
static pthread_mutex_t other = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t at_once; /* of FORKERS */
static bool given_up; /* atomic: written between two barriers, read after the second */
static int running = FORKERS;
static bool stop;
static struct tally tallies[FORKERS], of_handler;

static bool change(void)
{
    bool whole;

    MUST(pthread_mutex_lock(&mutex));
    whole = left == right;
    left++;
    for (int i = 0; i < 500; i++)
        right = left - 1;
    right = left;
    MUST(pthread_mutex_unlock(&mutex));
    return whole;
}

static void *change_often(void *unused)
{
    bool whole = true;

    (void)unused;
    for (int i = 0; i < TURNS; i++)
        whole &= change();
    return (void *)(intptr_t)(whole ? CHILD_OK : CHILD_TORN);
}

static int run_thread(int (*meanwhile)(void))
{
    pthread_t thread = start(change_often, NULL);
    int result = meanwhile ? meanwhile() : CHILD_OK;
    void *of_thread;

    MUST(pthread_join(thread, &of_thread));
    return result != CHILD_OK ? result : (int)(intptr_t)of_thread;
}

static int grandchild(void *unused)
{
    (void)unused;
    return change() ? run_thread(NULL) : CHILD_TORN;
}

static int fork_again(void)
{
    struct tally tally = {0};

    try_fork(&tally, grandchild, NULL);
    return tally.hung + tally.wrong ? CHILD_WRONG : tally.torn ? CHILD_TORN : CHILD_OK;
}

static int child(void *unused)
{
    (void)unused;
    return change() ? run_thread(fork_again) : CHILD_TORN;
}

static void *fork_often(void *number)
{
    struct tally *tally = &tallies[(uintptr_t)number];
    uint32_t seed = 1 + (uint32_t)(uintptr_t)number;

    for (int i = 0; i < rounds && !__atomic_load_n(&given_up, __ATOMIC_RELAXED); i++) {
        pthread_barrier_wait(&at_once);
        for (uint32_t turns = next_random(&seed) % 4; turns > 0; turns--)
            change();
        try_fork(tally, child, NULL);
        if (enough(tally))
            __atomic_store_n(&given_up, true, __ATOMIC_RELAXED);
        pthread_barrier_wait(&at_once);
    }
    __atomic_sub_fetch(&running, 1, __ATOMIC_RELEASE);
    return NULL;
}

static void handle(int signal)
{
    int saved = errno;

    (void)signal;
    if (!enough(&of_handler))
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
    struct tally total = {0};

    rounds = argument(argc, argv, 1, 300);
    MUST(pthread_barrier_init(&at_once, NULL, FORKERS));
    sigaction(SIGUSR1, &action, NULL);
    locker = start(lock_often, NULL);
    for (uintptr_t i = 0; i < FORKERS; i++)
        forkers[i] = start(fork_often, (void *)i);
    for (uint32_t seed = 1; __atomic_load_n(&running, __ATOMIC_ACQUIRE) > 0;) {
        MUST(pthread_kill(locker, SIGUSR1));
        sleep_us(500 + next_random(&seed) % 3000);
    }
    for (int i = 0; i < FORKERS; i++)
        MUST(pthread_join(forkers[i], NULL));
    __atomic_store_n(&stop, true, __ATOMIC_RELAXED);
    MUST(pthread_join(locker, NULL));
    for (int i = 0; i < FORKERS; i++)
        add_tally(&total, &tallies[i]);
    printf("by_handler=%d ", of_handler.of);
    add_tally(&total, &of_handler);
    return verdict(&total);
}
