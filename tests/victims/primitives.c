/* bare: hangs; shimmed: ok */
/*
 * Whatever kind of lock another thread has at the fork: the child takes it,
 * and so does a thread of its own.
 *
 *   primitives KIND soon|ever [FORKS=200]      a name from the table below
 *   primitives list                            prints the names
 *
 * soon: three threads take it and let go, and what it guards must be whole in
 * the child.  ever: one thread keeps it and sits in pause.  Status 0: no child
 * hung, nothing torn; 77: this kind needs real-time priorities, and there are
 * none for this process.
 */
#include "victim.h"

#include <sched.h>
#include <threads.h>

enum { THREADS = 3, CEILING = 5 };

struct kind {
    const char *name;
    int (*make)(const struct kind *), (*take)(void), (*give)(void);
    int type, protocol, robust; /* of a mutex; type: of C11's and rwlocks as well */
    int depth;                  /* so many times more does a holder take it */
};

static const struct kind *kind;
static pthread_mutex_t mutex;
static pthread_rwlock_t rwlock;
static pthread_spinlock_t spin;
static mtx_t c11;
static volatile unsigned long left, right; /* guarded by the lock: equal */
static bool ever, stop;
static pthread_barrier_t taken;

static int make_mutex(const struct kind *k)
{
    pthread_mutexattr_t attributes;

    MUST(pthread_mutexattr_init(&attributes));
    MUST(pthread_mutexattr_settype(&attributes, k->type));
    MUST(pthread_mutexattr_setprotocol(&attributes, k->protocol));
    MUST(pthread_mutexattr_setrobust(&attributes, k->robust));
    if (k->protocol == PTHREAD_PRIO_PROTECT)
        MUST(pthread_mutexattr_setprioceiling(&attributes, CEILING));
    return pthread_mutex_init(&mutex, &attributes);
}

/* The news that a holder died is right if it held for ever, else data is torn. */
static int take_mutex(void)
{
    int error = pthread_mutex_lock(&mutex);

    return error == EOWNERDEAD && ever ? pthread_mutex_consistent(&mutex) : error;
}

static int give_mutex(void) { return pthread_mutex_unlock(&mutex); }

static int make_rwlock(const struct kind *k)
{
    pthread_rwlockattr_t attributes;

    MUST(pthread_rwlockattr_init(&attributes));
    MUST(pthread_rwlockattr_setkind_np(&attributes, k->type));
    return pthread_rwlock_init(&rwlock, &attributes);
}

static int take_to_write(void) { return pthread_rwlock_wrlock(&rwlock); }

static int give_rwlock(void) { return pthread_rwlock_unlock(&rwlock); }

static int make_spin(const struct kind *k)
{
    (void)k;
    return pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE);
}

static int take_spin(void) { return pthread_spin_lock(&spin); }

static int try_spin(void)
{
    while (pthread_spin_trylock(&spin) == EBUSY)
        sched_yield();
    return 0;
}

static int give_spin(void) { return pthread_spin_unlock(&spin); }

static int make_c11(const struct kind *k) { return mtx_init(&c11, k->type) != thrd_success; }

static int take_c11(void) { return mtx_lock(&c11) != thrd_success; }

static int take_c11_timed(void)
{
    struct timespec until = in_ms(CLOCK_REALTIME, 60000);

    return mtx_timedlock(&c11, &until) != thrd_success;
}

static int give_c11(void) { return mtx_unlock(&c11) != thrd_success; }

#define MUTEX(name, ...) {name, make_mutex, take_mutex, give_mutex, __VA_ARGS__}
#define RWLOCK(name, type) {name, make_rwlock, take_to_write, give_rwlock, type, 0, 0, 0}
#define SPIN(name, take) {name, make_spin, take, give_spin, 0, 0, 0, 0}
#define C11(name, take, ...) {name, make_c11, take, give_c11, __VA_ARGS__}

static const struct kind kinds[] = {
    MUTEX("normal", 0, 0, 0, 0),
    MUTEX("recursive", PTHREAD_MUTEX_RECURSIVE, 0, 0, 2),
    MUTEX("errorcheck", PTHREAD_MUTEX_ERRORCHECK, 0, 0, 0),
    MUTEX("adaptive", PTHREAD_MUTEX_ADAPTIVE_NP, 0, 0, 0),
    MUTEX("robust", 0, 0, PTHREAD_MUTEX_ROBUST, 0),
    MUTEX("robust-recursive", PTHREAD_MUTEX_RECURSIVE, 0, PTHREAD_MUTEX_ROBUST, 2),
    MUTEX("robust-errorcheck", PTHREAD_MUTEX_ERRORCHECK, 0, PTHREAD_MUTEX_ROBUST, 0),
    MUTEX("pi", 0, PTHREAD_PRIO_INHERIT, 0, 0),
    MUTEX("pi-recursive", PTHREAD_MUTEX_RECURSIVE, PTHREAD_PRIO_INHERIT, 0, 2),
    MUTEX("pi-robust", 0, PTHREAD_PRIO_INHERIT, PTHREAD_MUTEX_ROBUST, 0),
    MUTEX("pp", 0, PTHREAD_PRIO_PROTECT, 0, 0),
    MUTEX("pp-recursive", PTHREAD_MUTEX_RECURSIVE, PTHREAD_PRIO_PROTECT, 0, 2),
    RWLOCK("rwlock", PTHREAD_RWLOCK_DEFAULT_NP),
    RWLOCK("rwlock-prefers-writers", PTHREAD_RWLOCK_PREFER_WRITER_NP),
    RWLOCK("rwlock-prefers-writers-nonrecursive", PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP),
    SPIN("spin", take_spin),
    SPIN("spin-try", try_spin),
    C11("mtx-plain", take_c11, mtx_plain, 0, 0, 0),
    C11("mtx-recursive", take_c11, mtx_plain | mtx_recursive, 0, 0, 2),
    C11("mtx-timed", take_c11_timed, mtx_timed, 0, 0, 0),
    C11("mtx-timed-recursive", take_c11_timed, mtx_timed | mtx_recursive, 0, 0, 2),
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

static void change(void)
{
    left++;
    for (int i = 0; i < 2000; i++)
        right = left - 1;
    if (kind->protocol == PTHREAD_PRIO_PROTECT)
        sleep_us(200); /* real-time threads that don't sleep leave nobody else a CPU */
    right++;
}

static void *hold(void *unused)
{
    pthread_barrier_wait(&taken);
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
        for (int i = 0; i <= kind->depth; i++)
            MUST(kind->take());
        if (ever)
            pthread_barrier_wait(&taken);
        while (ever)
            pause();
        change();
        for (int i = 0; i <= kind->depth; i++)
            MUST(kind->give());
    }
    return unused;
}

static void *take_and_check(void *unused)
{
    int error = kind->take();
    bool whole = ever || left == right;

    (void)unused;
    if (error == 0)
        error = kind->give();
    return (void *)(intptr_t)(error == EOWNERDEAD || !whole ? CHILD_TORN
                              : error != 0                  ? CHILD_WRONG
                                                            : CHILD_OK);
}

static int child(void *unused)
{
    void *result = take_and_check(unused);

    if (result == NULL)
        MUST(pthread_join(start(take_and_check, unused), &result));
    return (int)(intptr_t)result;
}

static void prepare(void)
{
    struct sched_param first = {.sched_priority = 1};

    if (kind->protocol == PTHREAD_PRIO_PROTECT && sched_setscheduler(0, SCHED_RR, &first) != 0)
        exit(77);
    MUST(kind->make(kind));
    MUST(pthread_barrier_init(&taken, NULL, ever ? 2 : THREADS + 1));
}

int main(int argc, char **argv)
{
    int forks = argument(argc, argv, 3, 200), threads;
    struct tally tally = {0};
    pthread_t ids[THREADS];

    LIST_NAMES(argc, argv, kinds);
    for (int i = 0; i < KINDS; i++)
        if (argc > 1 && strcmp(argv[1], kinds[i].name) == 0)
            kind = &kinds[i];
    if (!kind)
        return 99;
    ever = argc > 2 && strcmp(argv[2], "ever") == 0;
    threads = ever ? 1 : THREADS;
    prepare();
    for (int i = 0; i < threads; i++)
        ids[i] = start(hold, NULL);
    pthread_barrier_wait(&taken);
    if (ever)
        pthread_barrier_wait(&taken);
    for (int i = 0; i < forks && !enough(&tally); i++)
        try_fork(&tally, child, NULL);
    __atomic_store_n(&stop, true, __ATOMIC_RELAXED);
    for (int i = 0; i < threads && !ever; i++)
        MUST(pthread_join(ids[i], NULL));
    return verdict(&tally);
}
