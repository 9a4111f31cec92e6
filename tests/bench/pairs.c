/* pairs THREADS COUNT: locks and unlocks a normal mutex COUNT times while THREADS others sleep, and
 * measures nothing. */
#include "idle.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

int main(int argc, char **argv)
{
    usage(argc != 3, "pairs THREADS COUNT");
    start_idle_threads(atoi(argv[1]));
    for (long left = atol(argv[2]); left > 0; left--) {
        pthread_mutex_lock(&mutex);
        pthread_mutex_unlock(&mutex);
    }
    return 0;
}
