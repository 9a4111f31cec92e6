/* bare: hangs; shimmed: ok */
/*
 * A signal handler that locks comes when its thread has just been given a spinlock, and hasn't gone on yet.
 * Another one spins for that lock, between two halves of a change: the change must be whole in the child.
 *
 *   handler_in_spin [FORKS=10000]
 *
 * Status 0: no hang, nothing torn.
 */
#include "victim.h"

enum { SPINS = 1000 };

static pthread_mutex_t data = PTHREAD_MUTEX_INITIALIZER, handlers = PTHREAD_MUTEX_INITIALIZER;
static pthread_spinlock_t spun_for;
static volatile unsigned long left, right; /* guarded by data: equal */
static unsigned handled; /* so many signals */
static bool done;

static bool is_done(void) { return __atomic_load_n(&done, __ATOMIC_ACQUIRE); }

static void handle(int signal)
{
    (void)signal;
    MUST(pthread_mutex_lock(&handlers));
    MUST(pthread_mutex_unlock(&handlers));
    __atomic_fetch_add(&handled, 1, __ATOMIC_RELEASE);
}

static void take_spun_for(void)
{
    MUST(pthread_spin_lock(&spun_for));
    MUST(pthread_spin_unlock(&spun_for));
}

static void *take(void *unused)
{
    while (!is_done())
        take_spun_for();
    return unused;
}

static void *change(void *unused)
{
    while (!is_done()) {
        MUST(pthread_mutex_lock(&data));
        left++;
        take_spun_for();
        right++;
        MUST(pthread_mutex_unlock(&data));
    }
    return unused;
}

static bool is_handled(unsigned number) { return __atomic_load_n(&handled, __ATOMIC_ACQUIRE) >= number; }

/* It gets on between two. */
static void *interrupt(void *taker)
{
    for (unsigned sent = 1; !is_done(); sent++) {
        MUST(pthread_kill(*(pthread_t *)taker, SIGUSR1));
        while (!is_handled(sent) && !is_done())
            ;
        for (volatile unsigned i = sent * 7919 % SPINS; i > 0; i--)
            ;
    }
    return NULL;
}

static int compare(void *unused)
{
    (void)unused;
    MUST(pthread_mutex_lock(&data));
    return left == right ? CHILD_OK : CHILD_TORN;
}

int main(int argc, char **argv)
{
    struct tally tally = {0};
    int forks = argument(argc, argv, 1, 10000);
    pthread_t taker, changer, interrupter;

    MUST(pthread_spin_init(&spun_for, PTHREAD_PROCESS_PRIVATE));
    if (signal(SIGUSR1, handle) == SIG_ERR)
        die("signal");
    taker = start(take, NULL);
    changer = start(change, NULL);
    interrupter = start(interrupt, &taker);
    for (int i = 0; i < forks && !enough(&tally); i++)
        try_fork(&tally, compare, NULL);
    __atomic_store_n(&done, true, __ATOMIC_RELEASE);
    MUST(pthread_join(interrupter, NULL));
    MUST(pthread_join(taker, NULL));
    MUST(pthread_join(changer, NULL));
    return verdict(&tally);
}
