/* bare: hangs; shimmed: ok */
/*
 * A thread is woken for a lock, and before it can look a signal handler of its locks something else, at a closed gate:
 * whoever sleeps behind it must get that lock all the same, for the sake of what it is in the middle of.
 *
 *   woken_in_handler KIND [FORKS=100]
 *   woken_in_handler list             prints the kinds
 *
 * Status 0: no hang, nothing torn.
 */
#include "victim.h"

#include <semaphore.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER, robust;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static sem_t semaphore;

static void mutex_take(void) { MUST(pthread_mutex_lock(&mutex)); }
static void mutex_leave(void) { MUST(pthread_mutex_unlock(&mutex)); }
static void robust_take(void) { MUST(pthread_mutex_lock(&robust)); }
static void robust_leave(void) { MUST(pthread_mutex_unlock(&robust)); }
static void write_take(void) { MUST(pthread_rwlock_wrlock(&rwlock)); }
static void write_leave(void) { MUST(pthread_rwlock_unlock(&rwlock)); }
static void file_take(void) { flockfile(stdin); }
static void file_leave(void) { funlockfile(stdin); }
static void semaphore_leave(void) { sem_post(&semaphore); }

static void semaphore_take(void)
{
    while (sem_wait(&semaphore) != 0)
        ;
}

static const struct {
    const char *name;
    void (*take)(void), (*leave)(void);
} kinds[] = {{"mutex", mutex_take, mutex_leave},
             {"robust", robust_take, robust_leave},
             {"write", write_take, write_leave},
             {"file", file_take, file_leave},
             {"semaphore", semaphore_take, semaphore_leave}},
  *contended;

static pthread_mutex_t holders = PTHREAD_MUTEX_INITIALIZER, data = PTHREAD_MUTEX_INITIALIZER,
                       handlers = PTHREAD_MUTEX_INITIALIZER, probes = PTHREAD_MUTEX_INITIALIZER;
static volatile unsigned long left, right; /* guarded by data: equal */
static pthread_barrier_t taken, all_asleep;
static pthread_t woken;
static pid_t probe_id;
static bool forked;

static bool is_set(bool *flag) { return __atomic_load_n(flag, __ATOMIC_ACQUIRE); }
static void set(bool *flag, bool value) { __atomic_store_n(flag, value, __ATOMIC_RELEASE); }

static void handle(int signal)
{
    (void)signal;
    MUST(pthread_mutex_lock(&handlers));
    MUST(pthread_mutex_unlock(&handlers));
}

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

/* It shares a CPU with the one whom it wakes, who gets it when this one is done. */
static void *hold(void *unused)
{
    char task[64];

    use_first_cpu();
    MUST(pthread_mutex_lock(&holders));
    contended->take();
    pthread_barrier_wait(&taken);
    pthread_barrier_wait(&all_asleep);
    snprintf(task, sizeof task, "/proc/self/task/%d/stat", __atomic_load_n(&probe_id, __ATOMIC_ACQUIRE));
    while (!is_set(&forked) && state_of(task) != 'S')
        ;
    contended->leave();
    MUST(pthread_kill(woken, SIGUSR1));
    MUST(pthread_mutex_unlock(&holders));
    return unused;
}

static void *be_woken(void *unused)
{
    use_first_cpu();
    run_when_idle();
    contended->take();
    contended->leave();
    return unused;
}

static void *change(void *unused)
{
    MUST(pthread_mutex_lock(&data));
    left++;
    contended->take();
    right++;
    contended->leave();
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
    pthread_t holder, changer, prober;

    set(&forked, false);
    probe_id = 0;
    holder = start(hold, NULL);
    pthread_barrier_wait(&taken);
    woken = start(be_woken, NULL);
    await_asleep(2);
    changer = start(change, NULL);
    await_asleep(3);
    prober = start(probe, NULL);
    while (__atomic_load_n(&probe_id, __ATOMIC_ACQUIRE) == 0)
        ;
    pthread_barrier_wait(&all_asleep);
    try_fork(tally, compare, NULL);
    set(&forked, true);
    MUST(pthread_join(holder, NULL));
    MUST(pthread_join(woken, NULL));
    MUST(pthread_join(changer, NULL));
    MUST(pthread_join(prober, NULL));
}

int main(int argc, char **argv)
{
    struct tally tally = {0};
    int forks = argument(argc, argv, 2, 100);
    pthread_mutexattr_t attribute;

    LIST_NAMES(argc, argv, kinds);
    contended = FIND_BY_NAME(argc > 1 ? argv[1] : "", kinds);
    if (!contended || signal(SIGUSR1, handle) == SIG_ERR || sem_init(&semaphore, 0, 1) != 0)
        die("usage: woken_in_handler KIND [FORKS]");
    MUST(pthread_mutexattr_init(&attribute));
    MUST(pthread_mutexattr_setrobust(&attribute, PTHREAD_MUTEX_ROBUST));
    MUST(pthread_mutex_init(&robust, &attribute));
    MUST(pthread_barrier_init(&taken, NULL, 2));
    MUST(pthread_barrier_init(&all_asleep, NULL, 2));
    for (int i = 0; i < forks && !enough(&tally); i++)
        try_once(&tally);
    return verdict(&tally);
}
