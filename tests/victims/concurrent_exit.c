/* bare: wrong; shimmed: ok */
/*
 * Eight threads call exit at once while main waits: each of four handlers runs
 * once, to its end, in order, and one of the statuses is the program's.
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

static void *leave(void *status)
{
    pthread_barrier_wait(&together);
    exit((int)(intptr_t)status);
}

int main(void)
{
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
