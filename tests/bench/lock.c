/* lock KIND THREADS MS: nanoseconds of an uncontended lock + unlock while THREADS others sleep. */
#include "idle.h"
#include <semaphore.h>
#include <string.h>

static _Alignas(64) pthread_mutex_t mutex;
static _Alignas(64) pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static _Alignas(64) sem_t semaphore;

#define ROUND(name, take, give)                                                                    \
    static void name(int operations)                                                               \
    {                                                                                              \
        for (int i = 0; i < operations; i++) {                                                     \
            take;                                                                                  \
            give;                                                                                  \
        }                                                                                          \
    }
ROUND(lock_mutex, pthread_mutex_lock(&mutex), pthread_mutex_unlock(&mutex))
ROUND(read_rwlock, pthread_rwlock_rdlock(&rwlock), pthread_rwlock_unlock(&rwlock))
ROUND(take_semaphore, sem_wait(&semaphore), sem_post(&semaphore))

enum { DEFAULT = -1 };

static const struct {
    const char *name;
    void (*round)(int);
    int mutex_type;
} kinds[] = {
    {"normal", lock_mutex, DEFAULT},
    {"normal-by-type", lock_mutex, PTHREAD_MUTEX_NORMAL}, /* libc marks its kind: no elision */
    {"recursive", lock_mutex, PTHREAD_MUTEX_RECURSIVE},
    {"errorcheck", lock_mutex, PTHREAD_MUTEX_ERRORCHECK},
    {"rwlock-read", read_rwlock, DEFAULT},
    {"semaphore", take_semaphore, DEFAULT},
};

int main(int argc, char **argv)
{
    usage(argc != 4, "lock KIND THREADS MS");
    for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(argv[1], kinds[i].name) != 0)
            continue;
        pthread_mutexattr_t attr;
        pthread_mutexattr_init(&attr);
        if (kinds[i].mutex_type != DEFAULT)
            pthread_mutexattr_settype(&attr, kinds[i].mutex_type);
        pthread_mutex_init(&mutex, &attr);
        sem_init(&semaphore, 0, 1);
        start_idle_threads(atoi(argv[2]));
        run_rounds(atof(argv[3]), kinds[i].round, 10000);
        return 0;
    }
    fprintf(stderr, "lock: no such kind: %s\n", argv[1]);
    return 2;
}
