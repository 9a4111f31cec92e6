/* bare: hangs; shimmed: ok */
/*
 * Producers and consumers hand numbers through a small ring with one mutex and
 * two conditions, all waits short and frequent; main forks.  In each child the
 * ring must be whole, and a producer and a consumer of the child's own must get
 * along with the same mutex and the same conditions.
 *
 *   queue [FORKS=300] [PAIRS=4]
 *
 * Status 0: no child hung, none found a torn ring.
 */
#include "victim.h"

enum { ROOM = 4, MAX_PAIRS = 64 };

#define FOREVER ((void *)-1)
#define OWN     ((void *)100) /* turns of the child's own threads */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t not_full = PTHREAD_COND_INITIALIZER;
static pthread_cond_t not_empty = PTHREAD_COND_INITIALIZER;
/* The rest is guarded by mutex. */
static volatile unsigned ring[ROOM];
static volatile unsigned put_count, got_count, put_sum, got_sum;
static volatile bool stop;

static bool whole(void)
{
    unsigned sum = 0;

    if (put_count - got_count > ROOM)
        return false;
    for (unsigned i = got_count; i != put_count; i++)
        sum += ring[i % ROOM];
    return put_sum - got_sum == sum;
}

/* Torn between its lines. */
static void put(unsigned number)
{
    ring[put_count % ROOM] = number;
    put_count++;
    for (int i = 0; i < 100; i++)
        put_sum += i;
    put_sum += number - 4950;
}

static void get(void)
{
    unsigned number = ring[got_count % ROOM];

    got_count++;
    for (int i = 0; i < 100; i++)
        got_sum += i;
    got_sum += number - 4950;
}

static void wait_for(pthread_cond_t *condition, unsigned turn)
{
    struct timespec until = in_ms(CLOCK_REALTIME, 60000);

    MUST(turn % 4 ? pthread_cond_wait(condition, &mutex)
                  : pthread_cond_timedwait(condition, &mutex, &until));
}

/* So many turns, or until stop. */
static void *produce(void *turns)
{
    uintptr_t left = (uintptr_t)turns;

    MUST(pthread_mutex_lock(&mutex));
    for (unsigned turn = 1; !stop && turn <= left; turn++) {
        while (put_count - got_count == ROOM && !stop)
            wait_for(&not_full, turn);
        if (put_count - got_count < ROOM)
            put(turn);
        MUST(turn % 2 ? pthread_cond_signal(&not_empty) : pthread_cond_broadcast(&not_empty));
        MUST(pthread_mutex_unlock(&mutex));
        MUST(pthread_mutex_lock(&mutex));
    }
    MUST(pthread_mutex_unlock(&mutex));
    return NULL;
}

static void *consume(void *turns)
{
    uintptr_t left = (uintptr_t)turns;

    MUST(pthread_mutex_lock(&mutex));
    for (unsigned turn = 1; !stop && turn <= left; turn++) {
        while (put_count == got_count && !stop)
            wait_for(&not_empty, turn);
        if (put_count != got_count)
            get();
        MUST(pthread_cond_signal(&not_full));
    }
    MUST(pthread_mutex_unlock(&mutex));
    return NULL;
}

static int child(void *unused)
{
    pthread_t producer, consumer;
    bool right;

    (void)unused;
    MUST(pthread_mutex_lock(&mutex));
    right = whole();
    while (put_count != got_count)
        get();
    MUST(pthread_mutex_unlock(&mutex));
    producer = start(produce, OWN);
    consumer = start(consume, OWN);
    MUST(pthread_join(producer, NULL));
    MUST(pthread_join(consumer, NULL));
    return right && whole() && put_count == got_count ? CHILD_OK : CHILD_TORN;
}

int main(int argc, char **argv)
{
    int forks = argument(argc, argv, 1, 300);
    int pairs = argument(argc, argv, 2, 4);
    pthread_t threads[2 * MAX_PAIRS];
    struct tally tally = {0};

    if (pairs > MAX_PAIRS)
        return 99;
    for (int i = 0; i < 2 * pairs; i++)
        threads[i] = start(i % 2 ? consume : produce, FOREVER);
    for (int i = 0; i < forks && !enough(&tally); i++)
        try_fork(&tally, child, NULL);
    MUST(pthread_mutex_lock(&mutex));
    stop = true;
    MUST(pthread_cond_broadcast(&not_full));
    MUST(pthread_cond_broadcast(&not_empty));
    MUST(pthread_mutex_unlock(&mutex));
    for (int i = 0; i < 2 * pairs; i++)
        MUST(pthread_join(threads[i], NULL));
    return verdict(&tally);
}
