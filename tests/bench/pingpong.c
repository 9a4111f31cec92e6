/* pingpong MS: nanoseconds of a round trip between two threads over one mutex and two conditions.
 */
#include "bench.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t served = PTHREAD_COND_INITIALIZER, returned = PTHREAD_COND_INITIALIZER;
static int ball; /* guarded by lock */

static void *partner(void *unused)
{
    pthread_mutex_lock(&lock);
    for (;;) {
        while (!ball)
            pthread_cond_wait(&served, &lock);
        ball = 0;
        pthread_cond_signal(&returned);
    }
    return unused;
}

static void play(int operations)
{
    pthread_mutex_lock(&lock);
    for (int i = 0; i < operations; i++) {
        ball = 1;
        pthread_cond_signal(&served);
        while (ball)
            pthread_cond_wait(&returned, &lock);
    }
    pthread_mutex_unlock(&lock);
}

int main(int argc, char **argv)
{
    usage(argc != 2, "pingpong MS");
    stay_on(sched_getcpu());
    start_thread(partner, NULL, 0);
    run_rounds(atof(argv[1]), play, 500);
    return 0;
}
