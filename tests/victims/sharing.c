/* bare: ok; shimmed: ok */
/*
 * Objects in shared memory whose holder lives on in the parent stay taken in
 * the child, whatever they say of themselves and whoever holds them.
 *
 *   sharing KIND HOLDER [FORKS=50]
 *   sharing list                   prints the kinds
 *
 * KIND: mutex errorcheck robust rwlock-read rwlock-write spin semaphore, or
 * unmarked: a mutex that doesn't say that it is shared.  HOLDER: thread, another
 * one of the parent, or own: the forking thread itself.  barrier: the child
 * makes up its number, with threads of the parent.  The child tries until it gets
 * it, and the holder notes before that it releases; a private mutex that is held
 * as well is free in the child at once.  Status 0: no child was too early.
 */
#include "victim.h"

#include <semaphore.h>
#include <sys/mman.h>

enum { CROSSERS = 2 };

static struct shared {
    pthread_mutex_t mutex;
    pthread_rwlock_t rwlock;
    pthread_spinlock_t spin;
    pthread_barrier_t barrier; /* of CROSSERS + 1 */
    sem_t semaphore;
    int state; /* atomic: grows */
} * shared;
enum { HELD = 1, TRIED, RELEASED };

static pthread_mutex_t beside; /* private, held together with the shared one */

static int take_mutex(void) { return pthread_mutex_lock(&shared->mutex); }
static int try_mutex(void) { return pthread_mutex_trylock(&shared->mutex); }
static int give_mutex(void) { return pthread_mutex_unlock(&shared->mutex); }
static int take_read(void) { return pthread_rwlock_rdlock(&shared->rwlock); }
static int take_write(void) { return pthread_rwlock_wrlock(&shared->rwlock); }
static int try_write(void) { return pthread_rwlock_trywrlock(&shared->rwlock); }
static int give_rwlock(void) { return pthread_rwlock_unlock(&shared->rwlock); }
static int take_spin(void) { return pthread_spin_lock(&shared->spin); }
static int try_spin(void) { return pthread_spin_trylock(&shared->spin); }
static int give_spin(void) { return pthread_spin_unlock(&shared->spin); }
static int take_semaphore(void) { return sem_wait(&shared->semaphore); }
static int try_semaphore(void) { return sem_trywait(&shared->semaphore) == 0 ? 0 : EBUSY; }
static int give_semaphore(void) { return sem_post(&shared->semaphore); }

static const struct kind {
    const char *name;
    int (*take)(void), (*try)(void), (*give)(void);
    int type, robust, pshared;
} kinds[] = {
    {"mutex", take_mutex, try_mutex, give_mutex, 0, 0, 1},
    {"errorcheck", take_mutex, try_mutex, give_mutex, PTHREAD_MUTEX_ERRORCHECK, 0, 1},
    {"robust", take_mutex, try_mutex, give_mutex, 0, PTHREAD_MUTEX_ROBUST, 1},
    {"unmarked", take_mutex, try_mutex, give_mutex, 0, 0, 0},
    {"unmarked-robust", take_mutex, try_mutex, give_mutex, 0, PTHREAD_MUTEX_ROBUST, 0},
    {"rwlock-read", take_read, try_write, give_rwlock, 0, 0, 1},
    {"rwlock-write", take_write, try_write, give_rwlock, 0, 0, 1},
    {"spin", take_spin, try_spin, give_spin, 0, 0, 1},
    {"semaphore", take_semaphore, try_semaphore, give_semaphore, 0, 0, 1},
    {"barrier", NULL, NULL, NULL, 0, 0, 1},
};

static const struct kind *kind;
static struct tally tally;

static void make(void)
{
    pthread_mutexattr_t mutex;
    pthread_rwlockattr_t rwlock;
    pthread_barrierattr_t barrier;

    memset(shared, 0, sizeof *shared);
    MUST(pthread_mutexattr_init(&mutex));
    MUST(pthread_mutexattr_settype(&mutex, kind->type));
    MUST(pthread_mutexattr_setpshared(&mutex, kind->pshared));
    MUST(pthread_mutexattr_setrobust(&mutex, kind->robust));
    MUST(pthread_mutex_init(&shared->mutex, &mutex));
    MUST(pthread_rwlockattr_init(&rwlock));
    MUST(pthread_rwlockattr_setpshared(&rwlock, PTHREAD_PROCESS_SHARED));
    MUST(pthread_rwlock_init(&shared->rwlock, &rwlock));
    MUST(pthread_spin_init(&shared->spin, PTHREAD_PROCESS_SHARED));
    MUST(pthread_barrierattr_init(&barrier));
    MUST(pthread_barrierattr_setpshared(&barrier, PTHREAD_PROCESS_SHARED));
    MUST(pthread_barrier_init(&shared->barrier, &barrier, CROSSERS + 1));
    if (sem_init(&shared->semaphore, 1, 1) != 0)
        die("sem_init");
    MUST(pthread_mutex_init(&beside, NULL));
}

static int state(void) { return __atomic_load_n(&shared->state, __ATOMIC_ACQUIRE); }

static void await_state(int wanted)
{
    while (state() < wanted)
        sleep_us(100);
}

static void set_state(int wanted) { __atomic_store_n(&shared->state, wanted, __ATOMIC_RELEASE); }

static void take_all(void)
{
    MUST(pthread_mutex_lock(&beside));
    MUST(kind->take());
    set_state(HELD);
}

/* Long enough for the child to get it if it could; right without, too. */
static void release_all(void)
{
    await_state(TRIED);
    sleep_us(1000);
    set_state(RELEASED);
    MUST(kind->give());
    MUST(pthread_mutex_unlock(&beside));
}

static void *hold(void *unused)
{
    take_all();
    release_all();
    return unused;
}

static int await_holder(void *own)
{
    bool early = kind->try() == 0;

    set_state(TRIED);
    if (early)
        return CHILD_TORN;
    if (!own && (pthread_mutex_lock(&beside) != 0 || pthread_mutex_unlock(&beside) != 0))
        return CHILD_WRONG;
    while (kind->try() != 0)
        sleep_us(100);
    if (state() != RELEASED)
        return CHILD_TORN;
    if (kind->give == give_rwlock ? give_rwlock() != 0 : kind->give() != 0)
        return CHILD_WRONG;
    return CHILD_OK;
}

static void *cross(void *unused)
{
    pthread_barrier_wait(&shared->barrier);
    __atomic_add_fetch(&shared->state, 1, __ATOMIC_ACQ_REL);
    return unused;
}

static int cross_in_child(void *unused)
{
    int early = state();

    cross(unused);
    return early == 0 ? CHILD_OK : CHILD_TORN;
}

static void round_of_barrier(void)
{
    pthread_t crossers[CROSSERS];

    for (int i = 0; i < CROSSERS; i++)
        crossers[i] = start(cross, NULL);
    await_asleep(CROSSERS);
    try_fork(&tally, cross_in_child, NULL);
    for (int i = 0; i < CROSSERS && !tally.hung; i++)
        MUST(pthread_join(crossers[i], NULL));
    expect(tally.hung || state() == CROSSERS + 1, "all passed the barrier");
}

static void round_of_thread(void)
{
    pthread_t holder = start(hold, NULL);

    await_state(HELD);
    try_fork(&tally, await_holder, NULL);
    set_state(state() == HELD ? TRIED : state());
    MUST(pthread_join(holder, NULL));
}

/* The child is a process beside us that waits, so it isn't waited for at once. */
static void round_of_own(void)
{
    pid_t child;

    take_all();
    child = fork();
    if (child == 0) {
        alarm((unsigned)limit_ms() / 1000 + 2);
        _exit(await_holder("own"));
    }
    release_all();
    count_child(&tally, child);
}

int main(int argc, char **argv)
{
    bool own = argc > 2 && strcmp(argv[2], "own") == 0;
    int forks = argument(argc, argv, 3, 50);

    LIST_NAMES(argc, argv, kinds);
    kind = FIND_BY_NAME(argv[1], kinds);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (!kind || shared == MAP_FAILED)
        return 99;
    for (int i = 0; i < forks && !tally.hung; i++) {
        make();
        if (!kind->take)
            round_of_barrier();
        else if (own)
            round_of_own();
        else
            round_of_thread();
    }
    tally.wrong += *findings();
    return verdict(&tally);
}
