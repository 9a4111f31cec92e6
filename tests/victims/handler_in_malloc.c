/* bare: hangs; shimmed: ok */
/*
 * A signal handler that locks comes in the middle of malloc, when everybody was seen at rest:
 * libc's fork itself sleeps for malloc's lock. The others must hold still all the same until the
 * copy is made.
 *
 *   handler_in_malloc [FORKS=100]
 *
 * Status 0: no hang, nothing torn.
 */
#include "victim.h"

#include <fcntl.h>
#include <sys/mman.h>

enum { WORKERS = 3, SMALL = 2000, BIG = 32 << 10, PAGES = 64 << 10, LOOKS = 100, LONG_MS = 500 };

static pthread_mutex_t data = PTHREAD_MUTEX_INITIALIZER, handlers = PTHREAD_MUTEX_INITIALIZER;
static volatile unsigned long left, right; /* guarded by data: equal */
static pthread_barrier_t both;             /* main and the allocator */
static char *edge;                         /* malloc writes there next, with its lock */
static int stat_of_main, handled;
static bool interrupted, stop;

static void protect(int protection)
{
    if (mprotect(edge, PAGES, protection) != 0)
        die("mprotect");
}

/* One that awaits others sleeps for moments only. */
static void await_asleep_for_long(void)
{
    for (int seen = 0; seen < LOOKS;)
        seen = state_in(stat_of_main) == 'S' ? seen + 1 : 0;
}

static void lock(void)
{
    MUST(pthread_mutex_lock(&handlers));
    MUST(pthread_mutex_unlock(&handlers));
}

static void run(void)
{
    for (int64_t begin = now_ns(); ms_since(begin) < LONG_MS;)
        ;
}

static const struct {
    const char *name;
    void (*take_time)(void);
} kinds[] = {{"locks", lock}, {"runs", run}}, *kind;

static void handle(int signal)
{
    (void)signal;
    handled++;
    __atomic_store_n(&interrupted, true, __ATOMIC_RELEASE);
    await_asleep_for_long();
    kind->take_time();
    protect(PROT_READ | PROT_WRITE);
}

/* In an arena of its own, whose end is what isn't in use. */
static void *allocate(void *unused)
{
    char *block = malloc(SMALL);
    void *volatile other;

    edge = (char *)(((uintptr_t)block + SMALL + BIG / 2) & ~(uintptr_t)0xfff);
    pthread_barrier_wait(&both);
    while (pthread_barrier_wait(&both), !stop) {
        protect(PROT_NONE);
        other = malloc(BIG);
        free(other);
        pthread_barrier_wait(&both);
    }
    free(block);
    return unused;
}

static void *work(void *unused)
{
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
        MUST(pthread_mutex_lock(&data));
        left++;
        for (int i = 0; i < 2000; i++)
            right = left - 1;
        right++;
        MUST(pthread_mutex_unlock(&data));
    }
    return unused;
}

static int compare(void *unused)
{
    (void)unused;
    MUST(pthread_mutex_lock(&data));
    return left == right ? CHILD_OK : CHILD_TORN;
}

static void try_once(struct tally *tally)
{
    int before = handled;

    __atomic_store_n(&interrupted, false, __ATOMIC_RELEASE);
    pthread_barrier_wait(&both);
    while (!__atomic_load_n(&interrupted, __ATOMIC_ACQUIRE))
        ;
    try_fork(tally, compare, NULL);
    pthread_barrier_wait(&both);
    if (handled != before + 1)
        die("malloc wasn't interrupted once");
}

int main(int argc, char **argv)
{
    struct tally tally = {0};
    int forks = argument(argc, argv, 2, 100);
    pthread_t allocator, workers[WORKERS];

    LIST_NAMES(argc, argv, kinds);
    kind = FIND_BY_NAME(argc > 1 ? argv[1] : "", kinds);
    if (!kind)
        die("usage: handler_in_malloc KIND [FORKS]");
    MUST(pthread_barrier_init(&both, NULL, 2));
    stat_of_main = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
    if (stat_of_main < 0 || signal(SIGSEGV, handle) == SIG_ERR)
        die("set-up");
    allocator = start(allocate, NULL);
    pthread_barrier_wait(&both);
    for (int i = 0; i < WORKERS; i++)
        workers[i] = start(work, NULL);
    for (int i = 0; i < forks && !enough(&tally); i++)
        try_once(&tally);
    __atomic_store_n(&stop, true, __ATOMIC_RELAXED);
    pthread_barrier_wait(&both);
    MUST(pthread_join(allocator, NULL));
    for (int i = 0; i < WORKERS; i++)
        MUST(pthread_join(workers[i], NULL));
    return verdict(&tally);
}
