/* contend THREADS MS: nanoseconds of an operation when THREADS share one lock, work inside and
 * outside of it. */
#include "bench.h"
#include <stdatomic.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t ready;
static atomic_int stop;
static long total;           /* guarded by lock */
static volatile long shared; /* guarded by lock */

static inline void work(int steps)
{
    for (volatile int i = 0; i < steps; i++)
        ;
}

/* Spread evenly: where the scheduler happens to put them decides more than the lock does. */
static void take_seat(int seat)
{
    cpu_set_t allowed;
    must(sched_getaffinity(0, sizeof allowed, &allowed), "sched_getaffinity");
    seat %= CPU_COUNT(&allowed);
    for (int processor = 0; processor < CPU_SETSIZE; processor++) {
        if (CPU_ISSET(processor, &allowed) && seat-- == 0) {
            stay_on(processor);
            return;
        }
    }
}

static void *worker(void *seat)
{
    long mine = 0;
    take_seat((int)(long)seat);
    pthread_barrier_wait(&ready);
    for (; !atomic_load_explicit(&stop, memory_order_relaxed); mine++) {
        pthread_mutex_lock(&lock);
        shared++;
        work(50);
        pthread_mutex_unlock(&lock);
        work(400);
    }
    pthread_mutex_lock(&lock);
    total += mine;
    pthread_mutex_unlock(&lock);
    return NULL;
}

int main(int argc, char **argv)
{
    usage(argc != 3, "contend THREADS MS");
    int threads = atoi(argv[1]);
    double ms = atof(argv[2]);
    pthread_t thread[threads];
    pthread_barrier_init(&ready, NULL, threads + 1);
    for (long i = 0; i < threads; i++)
        must(pthread_create(&thread[i], NULL, worker, (void *)i), "pthread_create");
    pthread_barrier_wait(&ready);
    double start = now_ns();
    nanosleep(&(struct timespec){ms / 1000, (long)(ms * 1e6) % 1000000000}, NULL);
    stop = 1;
    for (int i = 0; i < threads; i++)
        pthread_join(thread[i], NULL);
    printf("%.3f\n", (now_ns() - start) / total);
    return shared != total;
}
