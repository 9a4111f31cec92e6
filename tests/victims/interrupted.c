/* bare: hangs; shimmed: ok */
/*
 * A thread has a lock of the loader's, in a function that no list of such functions has, when a signal handler of its
 * locks something, at a closed gate. Another one waits for the loader in the middle of a critical section: it must
 * come to its end all the same.
 *
 *   interrupted [FORKS=100]
 *
 * Status 0: no hang, nothing torn.
 */
#include "victim.h"

#include <dlfcn.h>

static pthread_mutex_t data = PTHREAD_MUTEX_INITIALIZER, handlers = PTHREAD_MUTEX_INITIALIZER,
                       probes = PTHREAD_MUTEX_INITIALIZER;
static volatile unsigned long left, right; /* guarded by data: equal */
static pthread_barrier_t inside, all_asleep;
static pid_t probe_id;
static bool forked;
static void *library;

static bool is_set(bool *flag) { return __atomic_load_n(flag, __ATOMIC_ACQUIRE); }
static void set(bool *flag, bool value) { __atomic_store_n(flag, value, __ATOMIC_RELEASE); }

/* It sleeps when the gate is closed, and never before. */
static void *probe(void *unused)
{
    __atomic_store_n(&probe_id, gettid(), __ATOMIC_RELEASE);
    while (!is_set(&forked)) {
        MUST(pthread_mutex_lock(&probes));
        MUST(pthread_mutex_unlock(&probes));
    }
    return unused;
}

static void handle(int signal)
{
    char task[64];

    (void)signal;
    snprintf(task, sizeof task, "/proc/self/task/%d/stat", __atomic_load_n(&probe_id, __ATOMIC_ACQUIRE));
    while (!is_set(&forked) && state_of(task) != 'S')
        ;
    MUST(pthread_mutex_lock(&handlers));
    MUST(pthread_mutex_unlock(&handlers));
}

/* dlsym calls it, the first time for each copy of the library. */
static void be_interrupted(void)
{
    pthread_barrier_wait(&inside);
    pthread_barrier_wait(&all_asleep);
    MUST(pthread_kill(pthread_self(), SIGUSR1));
}

static void *look_up(void *unused)
{
    if (!dlsym(library, "resolver_result"))
        die(dlerror());
    return unused;
}

static void *change(void *unused)
{
    void *other;

    MUST(pthread_mutex_lock(&data));
    left++;
    other = dlopen("./plugin", RTLD_NOW);
    if (!other)
        die(dlerror());
    dlclose(other);
    right++;
    MUST(pthread_mutex_unlock(&data));
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
    pthread_t looker, changer, prober;

    set(&forked, false);
    probe_id = 0;
    looker = start(look_up, NULL);
    pthread_barrier_wait(&inside);
    changer = start(change, NULL);
    await_asleep(2);
    prober = start(probe, NULL);
    while (__atomic_load_n(&probe_id, __ATOMIC_ACQUIRE) == 0)
        ;
    pthread_barrier_wait(&all_asleep);
    try_fork(tally, compare, NULL);
    set(&forked, true);
    MUST(pthread_join(looker, NULL));
    MUST(pthread_join(changer, NULL));
    MUST(pthread_join(prober, NULL));
}

int main(int argc, char **argv)
{
    struct tally tally = {0};
    int forks = argument(argc, argv, 1, 100);
    void (**calls)(void);

    library = dlopen("./resolver", RTLD_NOW);
    calls = library ? dlsym(library, "resolver_calls") : NULL;
    if (!calls || signal(SIGUSR1, handle) == SIG_ERR)
        die("./resolver");
    *calls = be_interrupted;
    MUST(pthread_barrier_init(&inside, NULL, 2));
    MUST(pthread_barrier_init(&all_asleep, NULL, 2));
    for (int i = 0; i < forks && !enough(&tally); i++)
        try_once(&tally);
    return verdict(&tally);
}
