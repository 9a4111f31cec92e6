/* bare: hangs; shimmed: ok */
/*
 * A random program: threads lock, signal each other, start and cancel threads, load and unload a library,
 * and fork, while main forks.  The seed says which of these there are.  A child takes every lock, does a
 * while what its parent's threads did, with threads of its own, forks again, and leaves by _exit or exit.
 *
 *   random_storm [FORKS=200] [THREADS=4] [SEED]
 *
 * What must hold: no child hangs; what a lock guards is whole; nobody runs beside exit handlers; a cancelled
 * thread's locks are free; a library that was loaded works.  The seed is printed; without one it comes from
 * the clock.  gap counts children that found something half written where signal handlers lock, which are known
 * gaps and no fault.  Status 0: all held.
 */
#include "places.h"

#include <dlfcn.h>
#include <sys/mman.h>

enum { TURNS = 20, MAX_THREADS = 64, GUESTS = 3 };

/* What the program does beside visiting places. */
enum { TOKENS = 1, LIBC = 2, LIBRARY = 4, CHURN = 8, CANCEL = 16, SIGNALS = 32, FORKERS = 64,
       HANDLERS = 128, EXITS = 256, NESTED = 512, FEATURES = 1024 };
static uint32_t features;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER, never = PTHREAD_COND_INITIALIZER;
static int tokens; /* guarded by mutex */
static pthread_mutex_t of_forks = PTHREAD_MUTEX_INITIALIZER; /* taken by fork handlers */
static pthread_mutex_t of_signals = PTHREAD_MUTEX_INITIALIZER;
static volatile unsigned long left, right; /* guarded by of_signals: equal */
static sem_t nobodys; /* 0 */
static pthread_barrier_t at_end; /* of the first process's workers: none ends while another may signal it */
static pthread_t workers[MAX_THREADS];
static int threads;
static pid_t first; /* the process that has the workers */
static bool stop, ending; /* ending: exit handlers run */
static struct tally of_workers; /* guarded by mutex */
static struct counts {
    int exits, gaps;
} *counts; /* of all children; atomic */

__attribute__((noreturn)) static void fail(const char *what, int status)
{
    dprintf(2, "random_storm: %s\n", what);
    _exit(status);
}

static bool has(uint32_t feature) { return (features & feature) != 0; }

static void prepare(void) { MUST(pthread_mutex_lock(&of_forks)); }
static void release(void) { MUST(pthread_mutex_unlock(&of_forks)); }

/* Nobody who takes a lock may do so now. */
static void end(void)
{
    if (getpid() == first)
        return;
    __atomic_add_fetch(&counts->exits, 1, __ATOMIC_RELAXED);
    __atomic_store_n(&ending, true, __ATOMIC_SEQ_CST);
    for (volatile int i = 0; i < 20000; i++)
        ;
    __atomic_store_n(&ending, false, __ATOMIC_SEQ_CST);
}

static void check_end(void)
{
    MUST(pthread_mutex_lock(&of_forks));
    if (__atomic_load_n(&ending, __ATOMIC_SEQ_CST))
        fail("a thread runs beside exit handlers", CHILD_WRONG);
    MUST(pthread_mutex_unlock(&of_forks));
}

static bool change_by_signal(void)
{
    bool whole;

    MUST(pthread_mutex_lock(&of_signals));
    whole = left == right;
    left++;
    for (int i = 0; i < 50; i++)
        right = left - 1;
    right = left;
    MUST(pthread_mutex_unlock(&of_signals));
    return whole;
}

static void handle(int signal)
{
    int saved = errno;

    (void)signal;
    change_by_signal();
    sem_post(&nobodys);
    while (sem_trywait(&nobodys) != 0 && errno == EINTR)
        ;
    errno = saved;
}

static void use_tokens(uint32_t draw)
{
    struct timespec until = in_ms(CLOCK_REALTIME, 1);

    MUST(pthread_mutex_lock(&mutex));
    if (draw % 2) {
        tokens++;
        MUST(draw % 4 == 1 ? pthread_cond_signal(&changed) : pthread_cond_broadcast(&changed));
    } else {
        while (tokens == 0)
            if (pthread_cond_timedwait(&changed, &mutex, &until) == ETIMEDOUT)
                break;
        tokens -= tokens > 0;
    }
    MUST(pthread_mutex_unlock(&mutex));
}

static void call_libc(uint32_t draw)
{
    time_t t = 1000000000;
    struct tm tm;

    if (draw % 4 == 0)
        localtime_r(&t, &tm);
    else if (draw % 4 == 1)
        setenv("VICTIM", "text", 1);
    else if (draw % 4 == 2)
        random();
    else
        free(malloc(draw % 10000));
}

/* Its function comes back at once: there is nothing to read. */
static void use_library(void)
{
    void *library = dlopen("./plugin", RTLD_NOW);
    void *(*stay)(void *) = library ? (void *(*)(void *))dlsym(library, "plugin_stay") : NULL;
    int none = -1;

    if (!stay || stay(&none) != NULL)
        fail(library ? "a library doesn't work" : dlerror(), CHILD_WRONG);
    dlclose(library);
}

static void *visit_once(void *draw)
{
    uint32_t seed = (uint32_t)(uintptr_t)draw | 1;

    return (void *)(intptr_t)visit((int)(next_random(&seed) % PLACES), 0, &seed);
}

static void unlock(void *lock) { MUST(pthread_mutex_unlock(lock)); }

/* Until it is cancelled, in a condition, a semaphore or a sleep. */
static void *wait_for_nobody(void *draw)
{
    if ((uintptr_t)draw % 4 == 1)
        sem_wait(&nobodys); /* a signal handler's post may come first */
    if ((uintptr_t)draw % 4 == 2)
        sleep_us(1000000);
    MUST(pthread_mutex_lock(&mutex));
    pthread_cleanup_push(unlock, &mutex);
    for (;;)
        pthread_cond_wait(&never, &mutex);
    pthread_cleanup_pop(0);
}

static bool use_thread(uint32_t draw)
{
    bool cancelled = has(CANCEL) && (draw % 2 || !has(CHURN));
    pthread_t thread = start(cancelled ? wait_for_nobody : visit_once, (void *)(uintptr_t)(draw / 2));
    void *result;

    if (cancelled)
        MUST(pthread_cancel(thread));
    MUST(pthread_join(thread, &result));
    if (cancelled && result != PTHREAD_CANCELED)
        fail("a cancelled thread came back", CHILD_WRONG);
    return result != NULL;
}

static void send_signal(uint32_t draw)
{
    bool self = getpid() != first || draw % 2;

    pthread_kill(self ? pthread_self() : workers[draw / 2 % (uint32_t)threads], SIGUSR1);
}

/* Was all whole? */
static bool act_at_random(uint32_t *seed)
{
    uint32_t feature = 1u << next_random(seed) % 16, draw = next_random(seed);

    check_end();
    if (!has(feature))
        return visit((int)(draw % PLACES), (int)(next_random(seed) % PLACES), seed);
    if (feature == TOKENS)
        use_tokens(draw);
    else if (feature == LIBC)
        call_libc(draw);
    else if (feature == LIBRARY && draw % 4 == 0)
        use_library();
    else if ((feature == CHURN || feature == CANCEL) && draw % 4 == 0)
        return use_thread(draw / 4);
    else if (feature == SIGNALS)
        send_signal(draw);
    return true;
}

static int child(void *seed);

static void fork_beside(uint32_t *seed)
{
    struct tally tally = {0};

    try_fork(&tally, child, (void *)(uintptr_t)next_random(seed));
    MUST(pthread_mutex_lock(&mutex));
    add_tally(&of_workers, &tally);
    MUST(pthread_mutex_unlock(&mutex));
}

static void *work(void *number)
{
    uint32_t seed = (uint32_t)(uintptr_t)number | 1;
    bool forks = has(FORKERS) && getpid() == first;

    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
        if (!act_at_random(&seed) && (getpid() == first || !has(SIGNALS)))
            fail("torn data", getpid() == first ? 99 : CHILD_TORN);
        if (forks && next_random(&seed) % 256 == 0)
            fork_beside(&seed);
    }
    if (getpid() == first)
        pthread_barrier_wait(&at_end);
    return NULL;
}

static bool use_all(uint32_t *seed)
{
    bool whole = true;

    for (int i = 0; i < PLACES; i++)
        whole &= visit(i, 0, seed);
    use_tokens(1);
    use_tokens(0);
    for (uint32_t i = 0; i < 4; i++)
        call_libc(i);
    for (int i = 0; i < TURNS; i++)
        whole &= act_at_random(seed);
    if (!whole && has(SIGNALS))
        __atomic_add_fetch(&counts->gaps, 1, __ATOMIC_RELAXED);
    return whole || has(SIGNALS);
}

static void *use_all_beside(void *seed)
{
    uint32_t own = (uint32_t)(uintptr_t)seed | 1;

    return (void *)(intptr_t)use_all(&own);
}

static int grandchild(void *seed) { return use_all_beside(seed) ? CHILD_OK : CHILD_TORN; }

/* Beside detached threads, at work until the handlers run. */
static void leave(uint32_t *seed)
{
    for (int i = 0; i < GUESTS; i++)
        start_detached(work, (void *)(uintptr_t)next_random(seed));
    sleep_us(next_random(seed) % 500);
    exit(CHILD_OK);
}

static int child(void *number)
{
    uint32_t seed = (uint32_t)(uintptr_t)number | 1;
    struct tally tally = {0};
    void *of_thread = NULL;
    pthread_t thread;

    if (!change_by_signal())
        __atomic_add_fetch(&counts->gaps, 1, __ATOMIC_RELAXED);
    if (!use_all(&seed))
        return CHILD_TORN;
    thread = start(use_all_beside, (void *)(uintptr_t)next_random(&seed));
    if (has(NESTED) && seed % 8 < 3)
        try_fork(&tally, grandchild, (void *)(uintptr_t)next_random(&seed));
    MUST(pthread_join(thread, &of_thread));
    if (tally.hung + tally.wrong > 0)
        return CHILD_WRONG;
    if (!of_thread || tally.torn > 0)
        return CHILD_TORN;
    if (has(EXITS) && seed / 8 % 2)
        leave(&seed);
    return CHILD_OK;
}

static void set_up(uint32_t *seed)
{
    struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART};

    counts = mmap(NULL, sizeof *counts, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (counts == MAP_FAILED || sem_init(&nobodys, 0, 0) != 0 || sigaction(SIGUSR1, &action, NULL) != 0)
        die("set-up");
    first = getpid();
    features = next_random(seed) % FEATURES;
    make_places();
    setenv("VICTIM", "text", 1); /* later it is replaced: nothing moves under getenv */
    atexit(end);
    if (has(HANDLERS))
        MUST(pthread_atfork(prepare, release, release));
}

int main(int argc, char **argv)
{
    int forks = argument(argc, argv, 1, 200);
    uint32_t seed = (uint32_t)argument(argc, argv, 3, (int)(now_ns() % 1000000007));
    struct tally tally = {0};
    int64_t begin;

    printf("seed=%u ", seed);
    seed = seed * 2654435761u | 1;
    set_up(&seed);
    threads = argument(argc, argv, 2, 4);
    if (threads < 1 || threads > MAX_THREADS)
        return 99;
    fflush(stdout);
    MUST(pthread_barrier_init(&at_end, NULL, (unsigned)threads));
    for (int i = 0; i < threads; i++)
        workers[i] = pthread_self();
    for (int i = 0; i < threads; i++)
        workers[i] = start(work, (void *)(uintptr_t)next_random(&seed));
    begin = now_ns();
    for (int i = 0; i < forks && !enough(&tally); i++)
        try_fork(&tally, child, (void *)(uintptr_t)next_random(&seed));
    printf("features=%#x forks_per_s=%.0f ", features, tally.of * 1e3 / ms_since(begin));
    __atomic_store_n(&stop, true, __ATOMIC_RELAXED);
    for (int i = 0; i < threads; i++)
        MUST(pthread_join(workers[i], NULL));
    add_tally(&tally, &of_workers);
    printf("exits=%d gap=%d ", counts->exits, counts->gaps);
    return verdict(&tally);
}
