/* lock KIND THREADS MS [COUNT]: nanoseconds of an uncontended lock + unlock while THREADS others sleep,
 * in rounds of COUNT. With MS 0 there is one round, whose instructions can be counted. */
#include "idle.h"
#include <semaphore.h>
#include <string.h>

static _Alignas(64) pthread_mutex_t mutex, outer = PTHREAD_MUTEX_INITIALIZER;
static _Alignas(64) pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static _Alignas(64) pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static _Alignas(64) sem_t lock, signals;
static _Alignas(64) pthread_spinlock_t spinlock;

#define ROUND(name, before, take, give)                                                            \
    static void name(int operations)                                                               \
    {                                                                                              \
        before;                                                                                    \
        for (int i = 0; i < operations; i++) {                                                     \
            take;                                                                                  \
            give;                                                                                  \
        }                                                                                          \
    }
ROUND(lock_mutex, , pthread_mutex_lock(&mutex), pthread_mutex_unlock(&mutex))
ROUND(lock_inner, pthread_mutex_trylock(&outer), pthread_mutex_lock(&mutex),
      pthread_mutex_unlock(&mutex))
ROUND(read_rwlock, , pthread_rwlock_rdlock(&rwlock), pthread_rwlock_unlock(&rwlock))
ROUND(write_rwlock, , pthread_rwlock_wrlock(&rwlock), pthread_rwlock_unlock(&rwlock))
ROUND(take_semaphore, , sem_wait(&lock), sem_post(&lock))
ROUND(pass_signal, , sem_post(&signals), sem_wait(&signals))
ROUND(take_spinlock, , pthread_spin_lock(&spinlock), pthread_spin_unlock(&spinlock))
ROUND(signal_nobody, , pthread_cond_signal(&condition), )

enum { DEFAULT = -1 };

static const struct {
    const char *name;
    void (*round)(int);
    int mutex_type;
} kinds[] = {
    {"normal", lock_mutex, DEFAULT},
    {"normal-by-type", lock_mutex, PTHREAD_MUTEX_NORMAL}, /* libc marks its kind: no elision */
    {"normal-nested", lock_inner, DEFAULT},
    {"recursive", lock_mutex, PTHREAD_MUTEX_RECURSIVE},
    {"errorcheck", lock_mutex, PTHREAD_MUTEX_ERRORCHECK},
    {"adaptive", lock_mutex, PTHREAD_MUTEX_ADAPTIVE_NP},
    {"rwlock-read", read_rwlock, DEFAULT},
    {"rwlock-write", write_rwlock, DEFAULT},
    {"semaphore", take_semaphore, DEFAULT},
    {"semaphore-signal", pass_signal, DEFAULT},
    {"spinlock", take_spinlock, DEFAULT},
    {"condition-signal", signal_nobody, DEFAULT},
};

static void make_locks(int mutex_type)
{
    pthread_mutexattr_t attr;
    pthread_mutexattr_init(&attr);
    if (mutex_type != DEFAULT)
        pthread_mutexattr_settype(&attr, mutex_type);
    pthread_mutex_init(&mutex, &attr);
    sem_init(&lock, 0, 1);
    sem_init(&signals, 0, 0);
    pthread_spin_init(&spinlock, PTHREAD_PROCESS_PRIVATE);
}

int main(int argc, char **argv)
{
    usage(argc != 4 && argc != 5, "lock KIND THREADS MS [COUNT]");
    for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(argv[1], kinds[i].name) != 0)
            continue;
        make_locks(kinds[i].mutex_type);
        start_idle_threads(atoi(argv[2]));
        run_rounds(atof(argv[3]), kinds[i].round, argc == 5 ? atoi(argv[4]) : 10000);
        return 0;
    }
    fprintf(stderr, "lock: no such kind: %s\n", argv[1]);
    return 2;
}
