/* bare: hangs; shimmed: ok */
/*
 * The whole process is stopped for a while, as ^Z does, when a fork waits for a thread in mid-section; or the machine
 * stands still. Nobody could get on in that time, so it is nobody's: the fork waits for the end of the section.
 *
 *   stopped [FORKS=100] [STOPPED_MS=3000]
 *
 * Status 0: no hang, nothing torn.
 */
#include "closing.h"

static pthread_barrier_t inside;

static long cpu_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * 1000000000 + t.tv_nsec;
}

/* It needs a while of CPU after the stop, for the fork to look at it. */
static void *change(void *unused)
{
    MUST(pthread_mutex_lock(&data));
    left++;
    pthread_barrier_wait(&inside);
    await_closed();
    if (!is_forked() && kill(getpid(), SIGSTOP) != 0)
        die("SIGSTOP");
    for (long begin = cpu_ns(); !is_forked() && cpu_ns() - begin < 30000000;)
        ;
    right++;
    MUST(pthread_mutex_unlock(&data));
    return unused;
}

static void try_once(struct tally *tally)
{
    pthread_t changer;

    begin_closing();
    start_probe();
    changer = start(change, NULL);
    pthread_barrier_wait(&inside);
    fork_once(tally);
    MUST(pthread_join(changer, NULL));
}

static int fork_often(int forks)
{
    struct tally tally = {0};

    MUST(pthread_barrier_init(&inside, NULL, 2));
    for (int i = 0; i < forks && !enough(&tally); i++)
        try_once(&tally);
    return verdict(&tally);
}

int main(int argc, char **argv)
{
    int forks = argument(argc, argv, 1, 100), ms = argument(argc, argv, 2, 3000), status;
    pid_t child = fork();

    if (child < 0)
        die("fork");
    if (child == 0)
        exit(fork_often(forks));
    while (waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status)) {
        usleep((useconds_t)ms * 1000);
        kill(child, SIGCONT);
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
