/* bare: hangs; shimmed: ok */
/*
 * Threads take a lock again and again while main forks, where something is missing or in the way.  What the
 * system refuses is counted, and the program goes on.
 *
 *   faults WHAT [ROUNDS=100] [THREADS=4]      a name from the table at the end
 *   faults list                               prints the names
 *
 * In the environment: VICTIM_WITHOUT, calls that fail from main on (without.h); VICTIM_NOFILE, how many
 * descriptors there may be.  Status 0: no child hung, none found torn data, all that was refused left the
 * threads at work.
 */
#include "without.h"

#include <limits.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/time.h>

enum { MAX_THREADS = 100000, BATCH = 50, SIGNAL_US = 700, FORKS_IN_HANDLERS = 16, GO_ON_MS = 20000 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER, of_signals = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t never = PTHREAD_COND_INITIALIZER;
static volatile unsigned long left, right; /* guarded by mutex: equal */
static unsigned long turns;                /* atomic */
static bool stop;
static int rounds, threads, refused;
static struct tally tally;
static pthread_attr_t attributes;

static bool change(void)
{
    bool whole;

    MUST(pthread_mutex_lock(&mutex));
    whole = left == right;
    left++;
    for (int i = 0; i < 300; i++)
        right = left - 1;
    right = left;
    MUST(pthread_mutex_unlock(&mutex));
    __atomic_add_fetch(&turns, 1, __ATOMIC_RELAXED);
    return whole;
}

static void *change_often(void *unused)
{
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
        if (!change())
            _exit(99);
    return unused;
}

/* May be refused, too. */
static bool run_thread(void *(*routine)(void *))
{
    pthread_t thread;
    int error = pthread_create(&thread, &attributes, routine, NULL);

    return error ? error == EAGAIN : pthread_join(thread, NULL) == 0;
}

static void *change_once(void *unused)
{
    return change() ? unused : (void *)"torn";
}

static int child(void *unused)
{
    (void)unused;
    if (!change())
        return CHILD_TORN;
    return run_thread(change_once) ? CHILD_OK : CHILD_WRONG;
}

/* After a fork that failed the threads go on. */
static void go_on(void)
{
    unsigned long before = __atomic_load_n(&turns, __ATOMIC_RELAXED);
    int64_t begin = now_ns();

    __atomic_add_fetch(&refused, 1, __ATOMIC_RELAXED);
    while (threads > 0 && __atomic_load_n(&turns, __ATOMIC_RELAXED) == before)
        if (ms_since(begin) > GO_ON_MS) {
            tally.hung++;
            return;
        }
}

static void fork_or_not(void)
{
    int64_t begin = now_ns();
    pid_t pid = fork();

    if (pid == 0)
        _exit(child(NULL));
    if (pid == -1) {
        go_on();
        return;
    }
    count_fork(&tally, begin);
    count_child(&tally, pid);
}

static void start_threads(int wanted, void *(*routine)(void *))
{
    pthread_t thread;

    for (threads = 0; threads < wanted; threads++) {
        int error = pthread_create(&thread, &attributes, routine, NULL);

        if (error == 0 && pthread_detach(thread) == 0)
            continue;
        if (error != EAGAIN)
            die("pthread_create");
        refused++;
        return;
    }
}

static void fork_often(void)
{
    start_threads(threads, change_often);
    for (int i = 0; i < rounds && !enough(&tally); i++)
        fork_or_not();
}

/* Threads that have the smallest stack there is fork. */
static void *fork_once(void *unused)
{
    fork_or_not();
    return unused;
}

static void on_small_stacks(void)
{
    MUST(pthread_attr_setstacksize(&attributes, PTHREAD_STACK_MIN));
    start_threads(threads, change_often);
    for (int i = 0; i < rounds && !enough(&tally); i++)
        if (!run_thread(fork_once))
            tally.wrong++;
}

static void *leave(void *unused)
{
    (void)unused;
    exit(verdict(&tally));
}

/* One of them ends the process. */
static void leave_on_small_stack(void)
{
    on_small_stacks();
    run_thread(leave);
}

/* On a stack of its own, of main's thread: locks, forks now and then, and ends the process. */
static void handle(int signal)
{
    int saved = errno;

    (void)signal;
    MUST(pthread_mutex_lock(&of_signals));
    MUST(pthread_mutex_unlock(&of_signals));
    if (rounds % FORKS_IN_HANDLERS == 0 && !enough(&tally)) {
        pid_t pid = fork();

        if (pid == 0)
            _exit(pthread_mutex_lock(&of_signals) ? CHILD_WRONG : CHILD_OK);
        count_child(&tally, pid);
    }
    if (rounds-- <= 0 || enough(&tally))
        exit(verdict(&tally));
    errno = saved;
}

static void in_signals(void)
{
    const struct itimerval timer = {{0, SIGNAL_US}, {0, SIGNAL_US}};
    struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART | SA_ONSTACK};
    stack_t stack = {.ss_size = (size_t)sysconf(_SC_SIGSTKSZ)};
    sigset_t set;

    stack.ss_sp = malloc(stack.ss_size);
    sigemptyset(&set);
    sigaddset(&set, SIGALRM);
    MUST(pthread_sigmask(SIG_BLOCK, &set, NULL));
    start_threads(threads, change_often);
    if (sigaltstack(&stack, NULL) || sigaction(SIGALRM, &action, NULL) || setitimer(ITIMER_REAL, &timer, NULL))
        die("signals");
    MUST(pthread_sigmask(SIG_UNBLOCK, &set, NULL));
    for (;;)
        change();
}

/* Do all who have the other end of the pipe end? */
static bool all_end(int fd)
{
    struct pollfd p = {.fd = fd};

    return poll(&p, 1, limit_ms()) == 1 && p.revents & POLLHUP;
}

/* A process that forks is killed at random moments. Its children end. */
static void killed(void)
{
    uint32_t seed = (uint32_t)now_ns() | 1;
    int ends[2], status, count = rounds;

    for (int i = 0; i < count && !enough(&tally); i++) {
        if (pipe(ends) != 0)
            die("pipe");
        pid_t pid = fork();

        if (pid == 0) {
            setpgid(0, 0);
            rounds = INT_MAX;
            fork_often();
        }
        setpgid(pid, pid);
        close(ends[1]);
        sleep_us(2000 + next_random(&seed) % 8000);
        kill(pid, SIGKILL);
        if (waitpid(pid, &status, 0) != pid || !WIFSIGNALED(status))
            tally.wrong++;
        tally.of++;
        tally.hung += !all_end(ends[0]);
        kill(-pid, SIGKILL);
        close(ends[0]);
    }
}

/* All of a group but its leader's child, who does it. */
static void stop_often(pid_t group)
{
    uint32_t seed = (uint32_t)now_ns() | 1;

    setpgid(0, 0);
    while (getppid() == group) {
        kill(-group, SIGSTOP);
        sleep_us(next_random(&seed) % 1000);
        kill(-group, SIGCONT);
        sleep_us(next_random(&seed) % 3000);
    }
    kill(-group, SIGCONT);
    _exit(0);
}

static void stopped(void)
{
    setpgid(0, 0);
    pid_t group = getpid(), pid = fork();

    if (pid == 0)
        stop_often(group);
    setpgid(pid, pid);
    fork_often();
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static void *wait_for_ever(void *unused)
{
    MUST(pthread_mutex_lock(&mutex));
    for (;;)
        pthread_cond_wait(&never, &mutex);
    return unused;
}

/* As many threads as ROUNDS come and go, and THREADS are there when it forks. */
static void with_many_threads(void)
{
    pthread_t batch[BATCH];

    MUST(pthread_attr_setstacksize(&attributes, PTHREAD_STACK_MIN));
    for (int done = 0; done < rounds; done += BATCH) {
        for (int i = 0; i < BATCH; i++)
            MUST(pthread_create(&batch[i], &attributes, change_once, NULL));
        for (int i = 0; i < BATCH; i++)
            MUST(pthread_join(batch[i], NULL));
    }
    start_threads(threads, wait_for_ever);
    printf("threads=%d ", threads);
    threads = 0; /* none of them goes on */
    fork_or_not();
    fork_or_not();
}

/* Of this process alone; a child leaves by _exit. */
static void end(void) { printf("ended=1\n"); }

static const struct {
    const char *name;
    void (*run)(void);
} table[] = {{"forks", fork_often},     {"small-stacks", on_small_stacks}, {"small-stack-exit", leave_on_small_stack},
             {"signals", in_signals},   {"killed", killed},                {"stopped", stopped},
             {"many", with_many_threads}};

int main(int argc, char **argv)
{
    LIST_NAMES(argc, argv, table);
    __typeof__(&table[0]) what = argc > 1 ? FIND_BY_NAME(argv[1], table) : NULL;
    struct rlimit files = {(rlim_t)setting("VICTIM_NOFILE", 0), (rlim_t)setting("VICTIM_NOFILE", 0)};

    rounds = argument(argc, argv, 2, 100);
    threads = argument(argc, argv, 3, 4);
    if (!what || threads > MAX_THREADS)
        return 99;
    MUST(pthread_attr_init(&attributes));
    if (getenv("VICTIM_WITHOUT"))
        fail_calls(getenv("VICTIM_WITHOUT"));
    if (getenv("VICTIM_NOFILE") && setrlimit(RLIMIT_NOFILE, &files) != 0)
        die("setrlimit");
    atexit(end);
    what->run();
    printf("refused=%d ", refused);
    return verdict(&tally);
}
