/* bare: ok; shimmed: ok */
/*
 * An exit handler asks a detached worker for something and needs its answer.
 *
 *   handler_needs_worker condition|semaphore|pipe|flag|spin
 *
 * How they talk; with flag the handler polls a flag between short sleeps, with spin it never sleeps.
 * Output: answer.  Status 0.  What hangs is ended after VICTIM_LIMIT_MS.
 */
#include "victim.h"

#include <semaphore.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool told[2]; /* by condition: guarded by mutex; by flag: atomic */
static sem_t semaphores[2];
static int pipes[2][2];

enum { QUESTION, ANSWER };

static void tell_by_condition(int what)
{
    MUST(pthread_mutex_lock(&mutex));
    told[what] = true;
    MUST(pthread_cond_broadcast(&changed));
    MUST(pthread_mutex_unlock(&mutex));
}

static void hear_by_condition(int what)
{
    MUST(pthread_mutex_lock(&mutex));
    while (!told[what])
        MUST(pthread_cond_wait(&changed, &mutex));
    MUST(pthread_mutex_unlock(&mutex));
}

static void tell_by_semaphore(int what)
{
    sem_post(&semaphores[what]);
}

static void hear_by_semaphore(int what)
{
    while (sem_wait(&semaphores[what]) != 0)
        ;
}

static void tell_by_pipe(int what)
{
    if (write(pipes[what][1], "", 1) != 1)
        die("write");
}

static void hear_by_pipe(int what)
{
    char byte;

    if (read(pipes[what][0], &byte, 1) != 1)
        die("read");
}

static void tell_by_flag(int what)
{
    __atomic_store_n(&told[what], true, __ATOMIC_RELEASE);
}

static void hear_by_flag(int what)
{
    while (!__atomic_load_n(&told[what], __ATOMIC_ACQUIRE))
        sleep_us(500);
}

/* A lock is where the worker would hold still. */
static void tell_by_spin(int what)
{
    MUST(pthread_mutex_lock(&mutex));
    tell_by_flag(what);
    MUST(pthread_mutex_unlock(&mutex));
}

static void hear_by_spin(int what)
{
    while (!__atomic_load_n(&told[what], __ATOMIC_ACQUIRE))
        ;
}

static const struct way {
    const char *name;
    void (*tell)(int what), (*hear)(int what);
} ways[] = {
    {"condition", tell_by_condition, hear_by_condition},
    {"semaphore", tell_by_semaphore, hear_by_semaphore},
    {"pipe", tell_by_pipe, hear_by_pipe},
    {"flag", tell_by_flag, hear_by_flag},
    {"spin", tell_by_spin, hear_by_spin},
};
enum { WAYS = sizeof ways / sizeof ways[0] };

static const struct way *way;

static void *serve(void *unused)
{
    way->hear(QUESTION);
    way->tell(ANSWER);
    for (;;)
        pause();
    return unused;
}

static void ask(void)
{
    way->tell(QUESTION);
    way->hear(ANSWER);
    crumb("answer");
}

int main(int argc, char **argv)
{
    for (int i = 0; i < WAYS; i++) {
        if (argc > 1 && strcmp(argv[1], ways[i].name) == 0)
            way = &ways[i];
        if (sem_init(&semaphores[i % 2], 0, 0) != 0 || pipe(pipes[i % 2]) != 0)
            die("sem_init, pipe");
    }
    if (!way)
        return 99;
    alarm((unsigned)limit_ms() / 1000);
    atexit(ask);
    start_detached(serve, NULL);
    if (way->hear != hear_by_flag && way->hear != hear_by_spin)
        await_asleep(1);
    return 0;
}
