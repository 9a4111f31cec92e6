/* bare: hangs; shimmed: ok */
/*
 * Forks that don't go through fork(), while one thread keeps a mutex for ever
 * and others take one again and again.  The child takes both and starts a
 * thread that does so again; where libc runs fork handlers on the way, the data
 * is whole, too.
 *
 *   raw_fork WAY [FORKS=50]      a name from the table below
 *   raw_fork list                prints the names
 *
 * daemon() ends its caller, so each fork is made by a process of its own.
 * Status 0: all right; 77: this libc has no such function, or
 * the system has no terminals for it.
 */
#include "victim.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>

enum { THREADS = 2, STACK = 256 * 1024 };

static pthread_mutex_t kept = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t busy = PTHREAD_MUTEX_INITIALIZER;
static volatile unsigned long left, right; /* guarded by busy: equal */
static pthread_barrier_t running;
static int report[2]; /* a pipe for the child's result */

struct way {
    const char *name;
    pid_t (*fork)(void);
    bool whole;
};

static const struct way *way;

static void *keep(void *unused)
{
    MUST(pthread_mutex_lock(&kept));
    pthread_barrier_wait(&running);
    for (;;)
        pause();
    return unused;
}

static void *use(void *unused)
{
    pthread_barrier_wait(&running);
    for (;;) {
        MUST(pthread_mutex_lock(&busy));
        left++;
        for (int i = 0; i < 2000; i++)
            right = left - 1;
        right++;
        MUST(pthread_mutex_unlock(&busy));
    }
    return unused;
}

static void *take_both(void *unused)
{
    int result = CHILD_OK;

    (void)unused;
    if (pthread_mutex_lock(&kept) != 0 || pthread_mutex_lock(&busy) != 0)
        return (void *)(intptr_t)CHILD_WRONG;
    if (way->whole && left != right)
        result = CHILD_TORN;
    if (pthread_mutex_unlock(&busy) != 0 || pthread_mutex_unlock(&kept) != 0)
        result = CHILD_WRONG;
    return (void *)(intptr_t)result;
}

static int child(void *unused)
{
    void *result;
    char byte;

    alarm((unsigned)limit_ms() / 1000 + 2);
    result = take_both(unused);
    if (result == NULL)
        MUST(pthread_join(start(take_both, unused), &result));
    byte = (char)(intptr_t)result;
    _exit(write(report[1], &byte, 1) == 1 ? 0 : 99);
}

static pid_t by_forkpty(void)
{
    int terminal;

    return forkpty(&terminal, NULL, NULL, NULL);
}

static pid_t by_daemon(void) { return daemon(1, 1); }

static pid_t by__Fork(void)
{
    pid_t (*function)(void) = (pid_t(*)(void))dlsym(RTLD_DEFAULT, "_Fork");

    return function ? function() : -2;
}

static pid_t by_clone(void)
{
    char *stack =
        mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return clone(child, stack + STACK, SIGCHLD, NULL);
}

static pid_t by_syscall_clone(void)
{
    return (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
}

static pid_t by_syscall_fork(void)
{
#ifdef SYS_fork
    return (pid_t)syscall(SYS_fork);
#else
    return -2;
#endif
}

static const struct way ways[] = {
    {"forkpty", by_forkpty, true},
    {"daemon", by_daemon, true},
    {"_Fork", by__Fork, false},
    {"clone", by_clone, false},
    {"syscall-clone", by_syscall_clone, false},
    {"syscall-fork", by_syscall_fork, false},
};
enum { WAYS = sizeof ways / sizeof ways[0] };

/* The process that forks: it waits for its end. */
static void fork_by_way(void)
{
    pid_t pid;

    MUST(pthread_barrier_init(&running, NULL, THREADS + 2));
    start(keep, NULL);
    for (int i = 0; i < THREADS; i++)
        start(use, NULL);
    pthread_barrier_wait(&running);
    pid = way->fork();
    if (pid == 0)
        child(NULL);
    if (pid == -2)
        _exit(77);
    if (pid == -1)
        die(way->name);
    for (;;)
        pause();
}

static bool missing(void)
{
    int status;
    pid_t pid = strcmp(way->name, "_Fork") == 0 || strcmp(way->name, "syscall-fork") == 0 ? fork() : -1;

    if (pid == 0) {
        pid = way->fork();
        _exit(pid == -2 ? 77 : 0);
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 77;
}

static void try_way(struct tally *tally)
{
    struct pollfd end = {.events = POLLIN};
    pid_t forker;
    char byte = CHILD_WRONG;

    if (pipe(report) != 0)
        die("pipe");
    forker = fork();
    if (forker == 0)
        fork_by_way();
    close(report[1]);
    end.fd = report[0];
    tally->of++;
    if (poll(&end, 1, limit_ms()) <= 0)
        tally->hung++;
    else if (read(report[0], &byte, 1) != 1)
        tally->wrong++;
    else
        *(byte == CHILD_TORN ? &tally->torn : &tally->wrong) += byte != CHILD_OK;
    close(report[0]);
    kill(forker, SIGKILL);
    waitpid(forker, NULL, 0);
}

/* A plain chroot has none. */
static bool no_terminals(void)
{
    int terminal = posix_openpt(O_RDWR | O_NOCTTY);

    if (terminal >= 0)
        close(terminal);
    return strcmp(way->name, "forkpty") == 0 && terminal < 0;
}

int main(int argc, char **argv)
{
    int forks = argument(argc, argv, 2, 50);
    struct tally tally = {0};

    LIST_NAMES(argc, argv, ways);
    for (int i = 0; i < WAYS; i++)
        if (argc > 1 && strcmp(argv[1], ways[i].name) == 0)
            way = &ways[i];
    if (!way)
        return 99;
    if (missing() || no_terminals())
        return 77;
    for (int i = 0; i < forks && !enough(&tally); i++)
        try_way(&tally);
    return verdict(&tally);
}
