/* bare: hangs; shimmed with stuck_ms: ends, if nobody could wake it */
/*
 * A child whose only thread waits without limit: for a thread that vanished,
 * or for somebody who may still come.
 *
 *   stuck list
 *   stuck WAY [MS=1000]
 *
 * The child begins its wait, and is given so many ms to end.  Prints how it did:
 * "status N", "signal N", or "waits", and after how many ms it ended.
 */
#include "victim.h"

#include <linux/futex.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER, *shared;
static sem_t semaphore;
static int word = 2, silent[2];
static pthread_barrier_t ready;

static void *stay(void *unused)
{
    char byte;

    pthread_barrier_wait(&ready);
    for (;;)
        if (read(silent[0], &byte, 1) == 0)
            pause();
    return unused;
}

/* As a lock that libc knows nothing of waits. */
static void futex(void)
{
    for (;;)
        syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 2, NULL, NULL, 0);
}

static void timed_futex(void)
{
    struct timespec t = {3600, 0};

    for (;;)
        syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 2, &t, NULL, 0);
}

static void wait_semaphore(void)
{
    while (sem_wait(&semaphore) != 0)
        ;
}

static void lock_twice(void)
{
    MUST(pthread_mutex_lock(&mutex));
    MUST(pthread_mutex_lock(&mutex));
}

static void lock_shared(void) { MUST(pthread_mutex_lock(shared)); }

static void post(int signal)
{
    (void)signal;
    sem_post(&semaphore);
}

static void handled_signal(void)
{
    signal(SIGUSR1, post);
    wait_semaphore();
}

static void wait_for_signal(void)
{
    sigset_t set;
    int number;

    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    sigwait(&set, &number);
}

/* Not before the hour is over. */
static void alarm_clock(void)
{
    alarm(3600);
    wait_semaphore();
}

static void posix_timer(void)
{
    struct itimerspec at = {{0, 0}, {3600, 0}};
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGTERM};
    timer_t timer;

    if (timer_create(CLOCK_MONOTONIC, &event, &timer) != 0 || timer_settime(timer, 0, &at, NULL) != 0)
        die("timer");
    wait_semaphore();
}

static void read_pipe(void)
{
    char byte;

    if (read(silent[0], &byte, 1) < 0)
        die("read");
}

static void join_thread(void)
{
    MUST(pthread_barrier_init(&ready, NULL, 3));
    pthread_join(start(stay, NULL), NULL);
}

static const struct way {
    const char *name;
    void (*wait)(void);
} ways[] = {
    {"futex", futex},           {"semaphore", wait_semaphore}, {"mutex", lock_twice},
    {"timed", timed_futex},     {"shared", lock_shared},       {"handler", handled_signal},
    {"signal", wait_for_signal}, {"alarm", alarm_clock},       {"timer", posix_timer},
    {"pipe", read_pipe},        {"thread", join_thread},
};

static void make_shared(void)
{
    pthread_mutexattr_t attributes;

    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        die("mmap");
    MUST(pthread_mutexattr_init(&attributes));
    MUST(pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED));
    MUST(pthread_mutex_init(shared, &attributes));
    MUST(pthread_mutex_lock(shared));
}

int main(int argc, char **argv)
{
    LIST_NAMES(argc, argv, ways);
    const struct way *way = FIND_BY_NAME(argc > 1 ? argv[1] : NULL, ways);
    int limit = argument(argc, argv, 2, 1000), status = 0;

    if (!way || pipe(silent) != 0)
        die("usage: stuck WAY [MS]");
    make_shared();
    sem_init(&semaphore, 0, 0);
    MUST(pthread_barrier_init(&ready, NULL, 2));
    start(stay, NULL);
    pthread_barrier_wait(&ready);
    pid_t child = fork();
    if (child == -1)
        die("fork");
    if (child == 0) {
        way->wait();
        _exit(CHILD_OK);
    }
    int64_t begin = now_ns();
    while (waitpid(child, &status, WNOHANG) == 0) {
        if (ms_since(begin) < limit) {
            sleep_us(1000);
            continue;
        }
        kill(child, SIGKILL);
        waitpid(child, &status, 0);
        puts("waits");
        return 0;
    }
    printf("%s %d %.0f\n", WIFEXITED(status) ? "status" : "signal",
           WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status), ms_since(begin));
    return 0;
}
