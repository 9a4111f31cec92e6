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
#include "closing.h"

#include <dlfcn.h>

static pthread_barrier_t inside, all_asleep;
static void *library;

static void handle(int signal)
{
    (void)signal;
    await_closed();
    lock_in_handler();
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

static void try_once(struct tally *tally)
{
    pthread_t looker, changer;

    begin_closing();
    looker = start(look_up, NULL);
    pthread_barrier_wait(&inside);
    changer = start(change, NULL);
    await_asleep(2);
    start_probe();
    pthread_barrier_wait(&all_asleep);
    fork_once(tally);
    MUST(pthread_join(looker, NULL));
    MUST(pthread_join(changer, NULL));
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
