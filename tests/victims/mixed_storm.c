/* bare: hangs; shimmed: ok */
/*
 * Threads use every primitive at random, and some functions of libc, and wait
 * for each other; main forks.  Each child uses all of them, lets a thread of its
 * own do so, and sometimes forks again while that one is at it.
 *
 *   mixed_storm [FORKS=200] [THREADS=8] [SEED]
 *
 * The seed is printed; without one it comes from the clock.  Status 0: no child
 * hung, none found torn data.
 */
#include "places.h"

enum { TURNS = 60, MAX_THREADS = 64 };

static pthread_mutex_t tokens_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t tokens_condition = PTHREAD_COND_INITIALIZER;
static int tokens; /* guarded by tokens_mutex */
static pthread_barrier_t barrier;
static bool stop;

static void put_token(void)
{
    MUST(pthread_mutex_lock(&tokens_mutex));
    tokens++;
    if (tokens % 2)
        MUST(pthread_cond_signal(&tokens_condition));
    else
        MUST(pthread_cond_broadcast(&tokens_condition));
    MUST(pthread_mutex_unlock(&tokens_mutex));
}

static void take_token(void)
{
    struct timespec until = in_ms(CLOCK_REALTIME, 2);

    MUST(pthread_mutex_lock(&tokens_mutex));
    while (tokens == 0)
        if (pthread_cond_timedwait(&tokens_condition, &tokens_mutex, &until) == ETIMEDOUT)
            break;
    tokens -= tokens > 0;
    MUST(pthread_mutex_unlock(&tokens_mutex));
}

static void call_libc(uint32_t which)
{
    time_t t = 1000000000;
    struct tm tm;

    switch (which % 4) {
    case 0:
        localtime_r(&t, &tm);
        break;
    case 1:
        setenv("VICTIM", "text", 1);
        break;
    case 2:
        random();
        break;
    case 3:
        free(malloc(which % 10000));
    }
}

static bool act_at_random(uint32_t *seed)
{
    switch (next_random(seed) % 8) {
    case 0:
        put_token();
        return true;
    case 1:
        take_token();
        return true;
    case 2:
        call_libc(next_random(seed));
        return true;
    default:
        return visit((int)(next_random(seed) % PLACES), (int)(next_random(seed) % PLACES), seed);
    }
}

static void *blow(void *number)
{
    uint32_t seed = (uint32_t)(uintptr_t)number;

    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
        if (!act_at_random(&seed)) {
            fputs("mixed_storm: torn data in the parent\n", stderr);
            _exit(99);
        }
    return NULL;
}

static void *cross(void *unused)
{
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
        pthread_barrier_wait(&barrier);
    return unused;
}

/* Everything once, then a while at random. */
static void *use_all(void *number)
{
    uint32_t seed = (uint32_t)(uintptr_t)number;
    bool whole = true;

    for (int i = 0; i < PLACES; i++)
        whole &= visit(i, 0, &seed);
    put_token();
    take_token();
    for (uint32_t i = 0; i < 4; i++)
        call_libc(i);
    for (int i = 0; i < TURNS; i++)
        whole &= act_at_random(&seed);
    return (void *)(intptr_t)(whole ? CHILD_OK : CHILD_TORN);
}

static int grandchild(void *seed) { return (int)(intptr_t)use_all(seed); }

static int child(void *seed)
{
    struct tally tally = {0};
    void *result = use_all(seed), *of_thread;
    pthread_t thread;

    if (result != NULL)
        return (int)(intptr_t)result;
    thread = start(use_all, seed);
    if ((uintptr_t)seed % 4 == 0)
        try_fork(&tally, grandchild, seed);
    MUST(pthread_join(thread, &of_thread));
    MUST(pthread_barrier_destroy(&barrier));
    if (tally.torn + tally.hung + tally.wrong > 0)
        return tally.torn ? CHILD_TORN : CHILD_WRONG;
    return (int)(intptr_t)of_thread;
}

int main(int argc, char **argv)
{
    int forks = argument(argc, argv, 1, 200), threads = argument(argc, argv, 2, 8);
    uint32_t seed = (uint32_t)argument(argc, argv, 3, (int)(now_ns() % 1000000007)) | 1;
    struct tally tally = {0};
    int64_t begin;

    make_places();
    MUST(pthread_barrier_init(&barrier, NULL, 2));
    setenv("VICTIM", "text", 1); /* later it is replaced: nothing moves under getenv */
    printf("seed=%u ", seed);
    fflush(stdout);
    for (int i = 0; i < threads && i < MAX_THREADS; i++)
        start(i < 2 && threads > 4 ? cross : blow, (void *)(uintptr_t)next_random(&seed));
    begin = now_ns();
    for (int i = 0; i < forks && !enough(&tally); i++)
        try_fork(&tally, child, (void *)(uintptr_t)next_random(&seed));
    printf("forks_per_s=%.0f ", tally.of * 1e3 / ms_since(begin));
    __atomic_store_n(&stop, true, __ATOMIC_RELAXED);
    return verdict(&tally); /* some wait in the barrier */
}
