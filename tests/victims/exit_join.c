/* bare: wrong; shimmed: ok */
/*
 * A joinable thread needs another 300 ms when main returns: its work must be
 * done when the first exit handler runs.
 *
 *   exit_join sleep|busy|condition
 *
 * Output: work,handler.  Bare: handler.  Status 0.
 */
#include "victim.h"

enum { WORK_MS = 300 };

static const char *how;
static pthread_barrier_t begun;

static void wait_on_condition(void)
{
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t never = PTHREAD_COND_INITIALIZER;
    struct timespec until = in_ms(CLOCK_REALTIME, WORK_MS);

    MUST(pthread_mutex_lock(&mutex));
    while (pthread_cond_timedwait(&never, &mutex, &until) != ETIMEDOUT)
        ;
    MUST(pthread_mutex_unlock(&mutex));
}

static void compute(void)
{
    int64_t begin = now_ns();

    while (ms_since(begin) < WORK_MS)
        ;
}

static void *work(void *unused)
{
    pthread_barrier_wait(&begun);
    if (strcmp(how, "sleep") == 0)
        sleep_us(WORK_MS * 1000L);
    else if (strcmp(how, "busy") == 0)
        compute();
    else
        wait_on_condition();
    crumb("work");
    return unused;
}

static void handler(void)
{
    crumb("handler");
}

int main(int argc, char **argv)
{
    how = argc > 1 ? argv[1] : "sleep";
    atexit(handler);
    MUST(pthread_barrier_init(&begun, NULL, 2));
    start(work, NULL);
    pthread_barrier_wait(&begun);
    return 0;
}
