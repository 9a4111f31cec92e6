/* bare: hangs; shimmed: ok */
/*
 * What the forking thread holds is its own in the child too: relocking and
 * unlocking answer there as they do in the parent, and other threads of the
 * child get the lock then.
 *
 *   own_locks KIND      a name from the table below
 *   own_locks list      prints the names
 *
 * Forks three times: alone in the process; with another thread that waits for
 * the lock; from a thread that isn't main.  Bare: wrong or hangs, except for
 * normal and adaptive; rwlock-read hangs where a writer waited.  Status 0: all
 * right.
 */
#include "victim.h"

enum operation { END, LOCK, READ, TRY, UNLOCK };

struct step {
    enum operation operation;
    int result;
};

static const struct kind {
    const char *name;
    bool rwlock;
    int type, protocol, robust;
    struct step taken[3]; /* before the fork */
    struct step steps[6]; /* after it: at the end the lock is free */
} kinds[] = {
    {.name = "normal",
     .taken = {{LOCK, 0}},
     .steps = {{TRY, EBUSY}, {UNLOCK, 0}, {LOCK, 0}, {UNLOCK, 0}}},
    {.name = "adaptive",
     .type = PTHREAD_MUTEX_ADAPTIVE_NP,
     .taken = {{LOCK, 0}},
     .steps = {{TRY, EBUSY}, {UNLOCK, 0}, {LOCK, 0}, {UNLOCK, 0}}},
    {.name = "recursive",
     .type = PTHREAD_MUTEX_RECURSIVE,
     .taken = {{LOCK, 0}, {LOCK, 0}},
     .steps = {{LOCK, 0}, {UNLOCK, 0}, {UNLOCK, 0}, {UNLOCK, 0}, {UNLOCK, EPERM}}},
    {.name = "errorcheck",
     .type = PTHREAD_MUTEX_ERRORCHECK,
     .taken = {{LOCK, 0}},
     .steps = {{LOCK, EDEADLK}, {TRY, EBUSY}, {UNLOCK, 0}, {UNLOCK, EPERM}}},
    {.name = "pi",
     .protocol = PTHREAD_PRIO_INHERIT,
     .taken = {{LOCK, 0}},
     .steps = {{TRY, EBUSY}, {UNLOCK, 0}, {LOCK, 0}, {UNLOCK, 0}}},
    {.name = "pi-recursive",
     .type = PTHREAD_MUTEX_RECURSIVE,
     .protocol = PTHREAD_PRIO_INHERIT,
     .taken = {{LOCK, 0}},
     .steps = {{LOCK, 0}, {UNLOCK, 0}, {UNLOCK, 0}, {UNLOCK, EPERM}}},
    {.name = "robust",
     .robust = PTHREAD_MUTEX_ROBUST,
     .taken = {{LOCK, 0}},
     .steps = {{TRY, EBUSY}, {UNLOCK, 0}, {LOCK, 0}, {UNLOCK, 0}}},
    {.name = "robust-errorcheck",
     .type = PTHREAD_MUTEX_ERRORCHECK,
     .robust = PTHREAD_MUTEX_ROBUST,
     .taken = {{LOCK, 0}},
     .steps = {{LOCK, EDEADLK}, {UNLOCK, 0}, {UNLOCK, EPERM}}},
    {.name = "rwlock-read",
     .rwlock = true,
     .taken = {{READ, 0}, {READ, 0}},
     .steps = {{TRY, EBUSY}, {UNLOCK, 0}, {UNLOCK, 0}, {LOCK, 0}, {UNLOCK, 0}}},
    {.name = "rwlock-write",
     .rwlock = true,
     .taken = {{LOCK, 0}},
     .steps = {{TRY, EBUSY}, {READ, EDEADLK}, {UNLOCK, 0}, {LOCK, 0}, {UNLOCK, 0}}},
};

static const struct step once[] = {{LOCK, 0}, {UNLOCK, 0}, {END, 0}};

static const struct kind *kind;
static pthread_mutex_t mutex;
static pthread_rwlock_t rwlock;
static struct tally tally;

static void make(void)
{
    pthread_mutexattr_t attributes;

    MUST(pthread_rwlock_init(&rwlock, NULL));
    MUST(pthread_mutexattr_init(&attributes));
    MUST(pthread_mutexattr_settype(&attributes, kind->type));
    MUST(pthread_mutexattr_setprotocol(&attributes, kind->protocol));
    MUST(pthread_mutexattr_setrobust(&attributes, kind->robust));
    MUST(pthread_mutex_init(&mutex, &attributes));
}

static int operate(enum operation operation)
{
    switch (operation) {
    case LOCK:
        return kind->rwlock ? pthread_rwlock_wrlock(&rwlock) : pthread_mutex_lock(&mutex);
    case READ:
        return pthread_rwlock_rdlock(&rwlock);
    case TRY:
        return kind->rwlock ? pthread_rwlock_trywrlock(&rwlock) : pthread_mutex_trylock(&mutex);
    default:
        return kind->rwlock ? pthread_rwlock_unlock(&rwlock) : pthread_mutex_unlock(&mutex);
    }
}

static bool follow(const struct step *step)
{
    for (int i = 1; step->operation != END; step++, i++) {
        int result = operate(step->operation);

        if (result == step->result)
            continue;
        fprintf(stderr, "own_locks %s: step %d: %d instead of %d\n", kind->name, i, result,
                step->result);
        return false;
    }
    return true;
}

static void *take_once(void *unused)
{
    (void)unused;
    return (void *)(intptr_t)(follow(once) ? CHILD_OK : CHILD_WRONG);
}

static int child(void *unused)
{
    void *result;

    if (!follow(kind->steps))
        return CHILD_WRONG;
    MUST(pthread_join(start(take_once, unused), &result));
    return (int)(intptr_t)result;
}

static void *fork_holding(void *contended)
{
    pthread_t contender = 0;

    make();
    expect(follow(kind->taken), "taken before the fork");
    if (contended) {
        contender = start(take_once, NULL);
        await_asleep(1);
    }
    try_fork(&tally, child, NULL);
    expect(follow(kind->steps), "the parent's own lock");
    if (contended)
        MUST(pthread_join(contender, NULL));
    expect((kind->rwlock ? pthread_rwlock_destroy(&rwlock) : pthread_mutex_destroy(&mutex)) == 0,
           "destroyed");
    return NULL;
}

int main(int argc, char **argv)
{
    LIST_NAMES(argc, argv, kinds);
    kind = FIND_BY_NAME(argv[1], kinds);
    if (!kind)
        return 99;
    fork_holding(NULL);
    fork_holding("contended");
    MUST(pthread_join(start(fork_holding, NULL), NULL));
    tally.wrong += *findings();
    return verdict(&tally);
}
