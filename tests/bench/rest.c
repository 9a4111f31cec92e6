/* rest THREADS US MS: nanoseconds that a call of fork takes while THREADS others lock, work for US microseconds,
 * unlock, and work for as long again. */
#include "bench.h"
#include <sys/wait.h>
#include <unistd.h>

enum { LOCKS = 4 };

static struct {
    _Alignas(64) pthread_mutex_t lock;
} guarded[LOCKS];
static double section_ns;

static void work(void)
{
    for (double end = now_ns() + section_ns; now_ns() < end;)
        ;
}

static void *storm(void *number)
{
    for (long i = (long)number;; i++) {
        pthread_mutex_lock(&guarded[i % LOCKS].lock);
        work();
        pthread_mutex_unlock(&guarded[i % LOCKS].lock);
        work();
    }
    return NULL;
}

int main(int argc, char **argv)
{
    usage(argc != 4, "rest THREADS US MS");
    section_ns = atof(argv[2]) * 1e3;
    for (int i = 0; i < LOCKS; i++)
        pthread_mutex_init(&guarded[i].lock, NULL);
    for (long i = 0; i < atoi(argv[1]); i++)
        start_thread(storm, (void *)i, 1);
    for (double end = now_ns() + atof(argv[3]) * 1e6; now_ns() < end;) {
        int status;
        double start = now_ns();
        pid_t child = fork();
        if (child == 0)
            _exit(0);
        printf("%.0f\n", now_ns() - start);
        must(child < 0, "fork");
        must(waitpid(child, &status, 0) != child || status != 0, "child");
    }
    fflush(stdout);
    _exit(0);
}
