/* bare: hangs; shimmed: ok */
/*
 * A program that is linked without threads and gets them at run time, as a plugin brings them. Up to glibc 2.33 it has
 * no pthread_create before, and libc's pthread_mutex_lock for such programs.
 *
 *   late_threads [FORKS=100]
 *
 * Two threads count under a lock; the child takes the lock and compares.
 */
#include "victim.h"

#include <dlfcn.h>

/* Found where a plugin's references are bound: nothing here asks the linker for the library of threads. */
#define LATE(name) ((__typeof__(name) *)late(#name))

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static volatile long first, second;

static void *late(const char *name)
{
    void *function = dlsym(RTLD_DEFAULT, name);

    if (!function)
        die(name);
    return function;
}

static void *count_up(void *unused)
{
    for (;;) {
        LATE(pthread_mutex_lock)(&lock);
        first++;
        for (volatile int i = 0; i < 1000; i++)
            ;
        second++;
        LATE(pthread_mutex_unlock)(&lock);
    }
    return unused;
}

static int compare(void *unused)
{
    (void)unused;
    LATE(pthread_mutex_lock)(&lock);
    return first == second ? CHILD_OK : CHILD_TORN;
}

int main(int argc, char **argv)
{
    struct tally tally = {0};
    int forks = argument(argc, argv, 1, 100);
    pthread_t thread;

    if (!dlopen("libpthread.so.0", RTLD_NOW | RTLD_GLOBAL))
        die(dlerror());
    for (int i = 0; i < 2; i++)
        MUST(LATE(pthread_create)(&thread, NULL, count_up, NULL));
    while (__atomic_load_n(&second, __ATOMIC_RELAXED) == 0)
        ;
    for (int i = 0; i < forks && !enough(&tally); i++)
        try_fork(&tally, compare, NULL);
    return verdict(&tally);
}
