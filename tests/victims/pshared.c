/* bare: ok; shimmed: ok */
/*
 * A process-shared object in shared memory that a thread of the parent holds
 * at the fork: its holder lives on in the parent, so the child must truly wait.
 *
 *   pshared mutex|robust|rwlock|semaphore|condition [FORKS=50]
 *   pshared list                prints the names
 *
 * The child finds it taken, says so, and waits for it; the holder then notes
 * that it releases, and does.  A child that got it without that note is torn.
 * condition: a thread of the parent waits in it at the fork, the child as well,
 * and a broadcast wakes both.
 */
#include "victim.h"

#include <semaphore.h>
#include <sys/mman.h>

enum { HELD = 1, TRIED, RELEASED };

static struct shared {
    pthread_mutex_t mutex;
    pthread_rwlock_t rwlock;
    pthread_cond_t condition;
    sem_t semaphore;
    int state; /* atomic: HELD, TRIED, RELEASED; condition: guarded by mutex */
    int woken; /* guarded by mutex */
} * shared;

static int take_mutex(void)
{
    return pthread_mutex_lock(&shared->mutex);
}

static int try_mutex(void)
{
    return pthread_mutex_trylock(&shared->mutex);
}

static int give_mutex(void)
{
    return pthread_mutex_unlock(&shared->mutex);
}

static int take_rwlock(void)
{
    return pthread_rwlock_wrlock(&shared->rwlock);
}

static int try_rwlock(void)
{
    return pthread_rwlock_tryrdlock(&shared->rwlock);
}

static int give_rwlock(void)
{
    return pthread_rwlock_unlock(&shared->rwlock);
}

static int take_semaphore(void)
{
    return sem_wait(&shared->semaphore);
}

static int try_semaphore(void)
{
    return sem_trywait(&shared->semaphore) == 0 ? 0 : EBUSY;
}

static int give_semaphore(void)
{
    return sem_post(&shared->semaphore);
}

static const struct kind {
    const char *name;
    int (*take)(void), (*try)(void), (*give)(void);
} kinds[] = {
    {"mutex", take_mutex, try_mutex, give_mutex},
    {"robust", take_mutex, try_mutex, give_mutex},
    {"rwlock", take_rwlock, try_rwlock, give_rwlock},
    {"semaphore", take_semaphore, try_semaphore, give_semaphore},
    {"condition", NULL, NULL, NULL},
};

static const struct kind *kind;
static struct tally tally;

static void make(bool robust)
{
    pthread_mutexattr_t mutex;
    pthread_rwlockattr_t rwlock;
    pthread_condattr_t condition;

    memset(shared, 0, sizeof *shared);
    MUST(pthread_mutexattr_init(&mutex));
    MUST(pthread_mutexattr_setpshared(&mutex, PTHREAD_PROCESS_SHARED));
    MUST(
        pthread_mutexattr_setrobust(&mutex, robust ? PTHREAD_MUTEX_ROBUST : PTHREAD_MUTEX_STALLED));
    MUST(pthread_mutex_init(&shared->mutex, &mutex));
    MUST(pthread_rwlockattr_init(&rwlock));
    MUST(pthread_rwlockattr_setpshared(&rwlock, PTHREAD_PROCESS_SHARED));
    MUST(pthread_rwlock_init(&shared->rwlock, &rwlock));
    MUST(pthread_condattr_init(&condition));
    MUST(pthread_condattr_setpshared(&condition, PTHREAD_PROCESS_SHARED));
    MUST(pthread_cond_init(&shared->condition, &condition));
    if (sem_init(&shared->semaphore, 1, 1) != 0)
        die("sem_init");
}

static int state(void)
{
    return __atomic_load_n(&shared->state, __ATOMIC_ACQUIRE);
}

static void await_state(int wanted)
{
    while (state() < wanted)
        sleep_us(100);
}

static void set_state(int wanted)
{
    __atomic_store_n(&shared->state, wanted, __ATOMIC_RELEASE);
}

static void *hold(void *unused)
{
    MUST(kind->take());
    set_state(HELD);
    await_state(TRIED);
    sleep_us(2000); /* lets the child come to its wait; right without, too */
    set_state(RELEASED);
    MUST(kind->give());
    return unused;
}

static int wait_for_holder(void *unused)
{
    bool busy = kind->try() == EBUSY;

    (void)unused;
    set_state(TRIED);
    if (!busy)
        return CHILD_TORN;
    if (kind->take() != 0)
        return CHILD_WRONG;
    return state() != RELEASED ? CHILD_TORN : kind->give() != 0 ? CHILD_WRONG : CHILD_OK;
}

static void *wait_in_condition(void *unused)
{
    MUST(pthread_mutex_lock(&shared->mutex));
    shared->state++;
    MUST(pthread_cond_broadcast(&shared->condition));
    while (shared->state < RELEASED)
        MUST(pthread_cond_wait(&shared->condition, &shared->mutex));
    shared->woken++;
    MUST(pthread_mutex_unlock(&shared->mutex));
    return unused;
}

static int condition_in_child(void *unused)
{
    wait_in_condition(unused);
    return CHILD_OK;
}

static void *broadcast(void *unused)
{
    MUST(pthread_mutex_lock(&shared->mutex));
    while (shared->state < TRIED)
        MUST(pthread_cond_wait(&shared->condition, &shared->mutex));
    shared->state = RELEASED;
    MUST(pthread_cond_broadcast(&shared->condition));
    MUST(pthread_mutex_unlock(&shared->mutex));
    return unused;
}

static void round_of_condition(void)
{
    pthread_t waiter = start(wait_in_condition, NULL);
    pthread_t waker = start(broadcast, NULL);

    await_asleep(2);
    try_fork(&tally, condition_in_child, NULL);
    if (tally.hung) /* then the others wait in vain, too */
        return;
    MUST(pthread_join(waiter, NULL));
    MUST(pthread_join(waker, NULL));
    expect(shared->woken == 2, "both were woken");
}

static void round_of_lock(void)
{
    pthread_t holder = start(hold, NULL);

    await_state(HELD);
    try_fork(&tally, wait_for_holder, NULL);
    set_state(TRIED);
    MUST(pthread_join(holder, NULL));
    expect(kind->try() == 0, "free at the end");
}

int main(int argc, char **argv)
{
    int forks = argument(argc, argv, 2, 50);

    LIST_NAMES(argc, argv, kinds);
    kind = FIND_BY_NAME(argv[1], kinds);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (!kind || shared == MAP_FAILED)
        return 99;
    for (int i = 0; i < forks && !tally.hung; i++) {
        make(strcmp(kind->name, "robust") == 0);
        if (kind->take)
            round_of_lock();
        else
            round_of_condition();
    }
    tally.wrong += *findings();
    return verdict(&tally);
}
