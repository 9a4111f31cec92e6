/* bare: crashes; shimmed with exit_signal=yes: ok */
/*
 * Threads that pass no lock and no wait use a table that an exit handler takes
 * away.
 *
 *   lockless plain | calls | recursive      the last: deep in calls of their own
 *
 * plain: arithmetic alone; calls: in between they allocate and print into a
 * buffer.  Status 9.
 */
#include "victim.h"

enum { THREADS = 6, ITEMS = 1000, DEPTH = 40 };

static unsigned *volatile table;
static unsigned long volatile results[THREADS];
static pthread_barrier_t running;
static bool calls, recursive;

static unsigned long sum(int depth)
{
    unsigned long total = 0;

    if (depth > 0)
        return sum(depth - 1) + 1;
    for (int i = 0; i < ITEMS; i++)
        total += table[i];
    return total;
}

static void *use(void *argument)
{
    volatile unsigned long *result = argument;

    pthread_barrier_wait(&running);
    for (;;) {
        *result += sum(recursive ? DEPTH : 0);
        if (calls) {
            char *text = malloc(64);

            snprintf(text, 64, "%lu", *result);
            free(text);
        }
    }
    return NULL;
}

static void take_away(void)
{
    table = NULL;
    for (int64_t begin = now_ns(); ms_since(begin) < 20;)
        sched_yield(); /* time enough for who is still there to notice */
}

int main(int argc, char **argv)
{
    const char *how = argc > 1 ? argv[1] : "plain";

    calls = strcmp(how, "calls") == 0;
    recursive = strcmp(how, "recursive") == 0;
    table = calloc(ITEMS, sizeof *table);
    atexit(take_away);
    MUST(pthread_barrier_init(&running, NULL, THREADS + 1));
    for (int i = 0; i < THREADS; i++)
        start_detached(use, (void *)&results[i]);
    pthread_barrier_wait(&running);
    sleep_us(2000);
    return 9;
}
