/* exit-tickers THREADS TICKS: prints the time at which it leaves main, with THREADS joinable ones
   that wait 100 ms at a time, and have done so TICKS times. */
#include "bench.h"
#include <errno.h>

static struct {
    pthread_mutex_t lock;
    pthread_cond_t ticked, never;
    long ticks; /* guarded by lock */
} clockwork = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, PTHREAD_COND_INITIALIZER, 0};

static void *ticker(void *unused)
{
    struct timespec next;
    clock_gettime(CLOCK_REALTIME, &next);
    pthread_mutex_lock(&clockwork.lock);
    for (;;) {
        next.tv_nsec += 100000000;
        next.tv_sec += next.tv_nsec / 1000000000;
        next.tv_nsec %= 1000000000;
        while (pthread_cond_timedwait(&clockwork.never, &clockwork.lock, &next) != ETIMEDOUT)
            ;
        clockwork.ticks++;
        pthread_cond_signal(&clockwork.ticked);
    }
    return unused;
}

int main(int argc, char **argv)
{
    usage(argc != 3, "exit-tickers THREADS TICKS");
    int threads = atoi(argv[1]);
    long enough = atol(argv[2]) * threads;
    for (int i = 0; i < threads; i++)
        start_thread(ticker, NULL, 0);
    pthread_mutex_lock(&clockwork.lock);
    while (clockwork.ticks < enough)
        pthread_cond_wait(&clockwork.ticked, &clockwork.lock);
    pthread_mutex_unlock(&clockwork.lock);
    printf("%.0f\n", now_ns());
    return 0;
}
