/* create MS: nanoseconds of pthread_create + pthread_join. */
#include "bench.h"

static void *nothing(void *argument)
{
    return argument;
}

static void create_and_join(int operations)
{
    for (int i = 0; i < operations; i++) {
        pthread_t thread;
        must(pthread_create(&thread, NULL, nothing, NULL), "pthread_create");
        must(pthread_join(thread, NULL), "pthread_join");
    }
}

int main(int argc, char **argv)
{
    usage(argc != 2, "create MS");
    stay_on(sched_getcpu());
    run_rounds(atof(argv[1]), create_and_join, 20);
    return 0;
}
