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
#include "closing.h"

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

static pthread_mutex_t holders = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t taken, all_asleep;
static pthread_t woken;

static void handle(int signal)
{
    (void)signal;
    lock_in_handler();
}

/* It shares a CPU with the one whom it wakes, who gets it when this one is done. */
static void *hold(void *unused)
{
    use_first_cpu();
    MUST(pthread_mutex_lock(&holders));
    contended->take();
    pthread_barrier_wait(&taken);
    pthread_barrier_wait(&all_asleep);
    await_closed();
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

static void try_once(struct tally *tally)
{
    pthread_t holder, changer;

    begin_closing();
    holder = start(hold, NULL);
    pthread_barrier_wait(&taken);
    woken = start(be_woken, NULL);
    await_asleep(2);
    changer = start(change, NULL);
    await_asleep(3);
    start_probe();
    pthread_barrier_wait(&all_asleep);
    fork_once(tally);
    MUST(pthread_join(holder, NULL));
    MUST(pthread_join(woken, NULL));
    MUST(pthread_join(changer, NULL));
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
