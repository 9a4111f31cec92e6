/* fork THREADS MS [COUNT]: nanoseconds of fork + wait while THREADS others are idle, in rounds of COUNT. With
   MS 0 there is one round, whose instructions can be counted. */
#include "idle.h"
#include <sys/wait.h>
#include <unistd.h>

static void fork_and_wait(int operations)
{
    for (int i = 0; i < operations; i++) {
        int status;
        pid_t child = fork();
        if (child == 0)
            _exit(0);
        must(child < 0, "fork");
        must(waitpid(child, &status, 0) != child || status != 0, "child");
    }
}

int main(int argc, char **argv)
{
    usage(argc != 3 && argc != 4, "fork THREADS MS [COUNT]");
    start_idle_threads(atoi(argv[1]));
    run_rounds(atof(argv[2]), fork_and_wait, argc == 4 ? atoi(argv[3]) : 1);
    return 0;
}
