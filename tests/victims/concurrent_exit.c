/* bare: wrong; shimmed: ok */
/*
 * Eight threads call exit at once while main waits: each of four handlers runs
 * once, to its end, in order, and one of the statuses is the program's.
 *
 *   concurrent_exit [signal]      signal: they do so in a signal handler
 *
 * Output: 4,3,2,1.  Status 10 to 17.
 */
#include "victim.h"

enum { THREADS = 8 };

static pthread_barrier_t together;

#define HANDLER(number)                                                                            \
    static void handler##number(void)                                                              \
    {                                                                                              \
        sleep_us(500);                                                                             \
        crumb(#number);                                                                            \
    }
HANDLER(1)
HANDLER(2)
HANDLER(3)
HANDLER(4)

static __thread int status;
static bool by_signal;

static void handle(int signal)
{
    (void)signal;
    exit(status);
}

static void *leave(void *argument)
{
    status = (int)(intptr_t)argument;
    pthread_barrier_wait(&together);
    if (by_signal)
        pthread_kill(pthread_self(), SIGUSR1);
    exit(status);
}

int main(int argc, char **argv)
{
    by_signal = argc > 1 && strcmp(argv[1], "signal") == 0;
    signal(SIGUSR1, handle);
    MUST(pthread_barrier_init(&together, NULL, THREADS));
    atexit(handler1);
    atexit(handler2);
    atexit(handler3);
    atexit(handler4);
    for (int i = 0; i < THREADS; i++)
        start(leave, (void *)(intptr_t)(10 + i));
    for (;;)
        pause();
}
