/* bare: ok; shimmed: ok */
/*
 * Leaked tickers: joinable threads in an endless loop of timed waits of 100 ms.
 * Nobody ever joins them, and no exit waits for them.
 *
 *   tickers nanosleep|condition|poll|semaphore|all [THREADS=4]
 *
 * Prints the time at which main returned (see repeat -t).  Status 4.
 */
#include "victim.h"

#include <poll.h>
#include <semaphore.h>

enum { TICK_MS = 100, TICKS = 4 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t never = PTHREAD_COND_INITIALIZER;
static sem_t empty, ticked;

static void tick_nanosleep(void)
{
    sleep_us(TICK_MS * 1000L);
}

static void tick_condition(void)
{
    struct timespec until = in_ms(CLOCK_REALTIME, TICK_MS);

    MUST(pthread_mutex_lock(&mutex));
    pthread_cond_timedwait(&never, &mutex, &until);
    MUST(pthread_mutex_unlock(&mutex));
}

static void tick_poll(void)
{
    poll(NULL, 0, TICK_MS);
}

static void tick_semaphore(void)
{
    struct timespec until = in_ms(CLOCK_REALTIME, TICK_MS);

    sem_timedwait(&empty, &until);
}

static const struct ticker {
    const char *name;
    void (*wait)(void);
} tickers[] = {
    {"nanosleep", tick_nanosleep},
    {"condition", tick_condition},
    {"poll", tick_poll},
    {"semaphore", tick_semaphore},
};
enum { TICKERS = sizeof tickers / sizeof tickers[0] };

static void *tick(void *of)
{
    const struct ticker *ticker = of;

    for (int count = 1;; count++) {
        ticker->wait();
        if (count == TICKS)
            sem_post(&ticked);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    const char *which = argc > 1 ? argv[1] : "all";
    int threads = argument(argc, argv, 2, 4);
    bool all = strcmp(which, "all") == 0;

    if (sem_init(&empty, 0, 0) != 0 || sem_init(&ticked, 0, 0) != 0)
        die("sem_init");
    for (int i = 0, t = 0; i < threads; t = (t + 1) % TICKERS)
        if (all || strcmp(which, tickers[t].name) == 0) {
            start(tick, (void *)&tickers[t]);
            i++;
        }
    for (int i = 0; i < threads; i++)
        while (sem_wait(&ticked) != 0)
            ;
    mark_end();
    return 4;
}
