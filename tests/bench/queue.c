/* queue MS: nanoseconds of an item from a producer to a consumer through a bounded queue. */
#include "bench.h"

#define CAPACITY 64

static struct {
    pthread_mutex_t lock;
    pthread_cond_t filled, emptied;
    unsigned in, out; /* guarded by lock */
    int item[CAPACITY];
} queue = {
    PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0, {0}};

static void put(int item)
{
    pthread_mutex_lock(&queue.lock);
    while (queue.in - queue.out == CAPACITY)
        pthread_cond_wait(&queue.emptied, &queue.lock);
    queue.item[queue.in++ % CAPACITY] = item;
    pthread_cond_signal(&queue.filled);
    pthread_mutex_unlock(&queue.lock);
}

static int get(void)
{
    pthread_mutex_lock(&queue.lock);
    while (queue.in == queue.out)
        pthread_cond_wait(&queue.filled, &queue.lock);
    int item = queue.item[queue.out++ % CAPACITY];
    pthread_cond_signal(&queue.emptied);
    pthread_mutex_unlock(&queue.lock);
    return item;
}

static void *produce(void *unused)
{
    for (int item = 0;; item++)
        put(item);
    return unused;
}

static void consume(int operations)
{
    for (int i = 0; i < operations; i++)
        get();
}

int main(int argc, char **argv)
{
    usage(argc != 2, "queue MS");
    stay_on(sched_getcpu());
    start_thread(produce, NULL, 0);
    run_rounds(atof(argv[1]), consume, 5000);
    return 0;
}
