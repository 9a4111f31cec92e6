/*
 * bare: ok; shimmed: ok.  Every call that waits, sleeps, executes or takes a lock with a limit gives what
 * it should, errno included, with and without something to wait for.
 *
 * same_results
 */
#include "victim.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <threads.h>

extern char **environ;
static int wrong;

/* What fortified programs call, with the size of the object. */
extern ssize_t __read_chk(int, void *, size_t, size_t);
extern ssize_t __recv_chk(int, void *, size_t, size_t, int);
extern ssize_t __recvfrom_chk(int, void *, size_t, size_t, int, void *, socklen_t *);
extern int __poll_chk(struct pollfd *, nfds_t, int, size_t);
extern int __ppoll_chk(struct pollfd *, nfds_t, const struct timespec *, const sigset_t *, size_t);

/* errno counts where the call fails. */
#define IS(expected, error, call)                                                                  \
    do {                                                                                           \
        errno = 0;                                                                                 \
        long got_ = (long)(call);                                                                  \
        if (got_ != (expected) || (got_ < 0 && errno != (error))) {                                \
            printf("%s gives %ld, %s\n", #call, got_, strerror(errno));                            \
            wrong++;                                                                               \
        }                                                                                          \
    } while (0)

static const struct timespec none = {0, 0}, bad = {0, -1}, little = {0, 1000};

static struct timespec soon(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    t.tv_nsec += 1000000;
    t.tv_sec += t.tv_nsec / 1000000000;
    t.tv_nsec %= 1000000000;
    return t;
}

static void sleeps(void)
{
    struct timespec at = soon(CLOCK_MONOTONIC);
    IS(0, 0, nanosleep(&little, NULL));
    IS(-1, EINVAL, nanosleep(&bad, NULL));
    IS(0, 0, clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL));
    IS(EINVAL, 0, clock_nanosleep(CLOCK_MONOTONIC, 0, &bad, NULL));
    IS(0, 0, usleep(1));
    IS(0, 0, sleep(0));
    IS(0, 0, thrd_sleep(&little, NULL));
}

/* A descriptor on which nothing comes, and one with a byte. */
static void descriptors(int silent, int ready)
{
    struct pollfd p = {silent, POLLIN, 0}, q = {ready, POLLIN, 0};
    struct timeval no_time = {0, 0};
    struct epoll_event event = {.events = EPOLLIN};
    fd_set set;
    sigset_t mask;
    int e = epoll_create1(EPOLL_CLOEXEC);
    sigemptyset(&mask);
    epoll_ctl(e, EPOLL_CTL_ADD, silent, &event);
    IS(0, 0, poll(&p, 1, 1));
    IS(1, 0, poll(&q, 1, -1));
    IS(0, 0, ppoll(&p, 1, &little, &mask));
    IS(1, 0, ppoll(&q, 1, NULL, NULL));
    IS(-1, EINVAL, ppoll(&q, 1, &bad, NULL));
    IS(1, 0, __poll_chk(&q, 1, -1, sizeof q));
    IS(0, 0, __ppoll_chk(&p, 1, &little, NULL, sizeof p));
    FD_ZERO(&set);
    FD_SET(silent, &set);
    IS(0, 0, select(silent + 1, &set, NULL, NULL, &no_time));
    IS(0, 0, pselect(0, NULL, NULL, NULL, &little, &mask));
    IS(-1, EINVAL, pselect(-1, NULL, NULL, NULL, &none, NULL));
    IS(0, 0, epoll_wait(e, &event, 1, 1));
    IS(0, 0, epoll_pwait(e, &event, 1, 0, &mask));
    IS(-1, EBADF, epoll_wait(-1, &event, 1, 0));
    epoll_ctl(e, EPOLL_CTL_ADD, ready, &event);
    IS(1, 0, epoll_wait(e, &event, 1, -1));
    close(e);
}

static void transfers(int in, int out)
{
    char text[4] = "abc";
    struct iovec parts = {text, 3};
    struct msghdr message = {.msg_iov = &parts, .msg_iovlen = 1};
    struct mmsghdr messages = {.msg_hdr = message};
    IS(3, 0, write(out, text, 3));
    IS(3, 0, read(in, text, 3));
    IS(3, 0, writev(out, &parts, 1));
    IS(3, 0, readv(in, &parts, 1));
    IS(3, 0, send(out, text, 3, 0));
    IS(3, 0, recv(in, text, 3, 0));
    IS(3, 0, sendto(out, text, 3, 0, NULL, 0));
    IS(3, 0, recvfrom(in, text, 3, 0, NULL, NULL));
    IS(3, 0, sendmsg(out, &message, 0));
    IS(3, 0, recvmsg(in, &message, 0));
    IS(3, 0, sendmsg(out, &message, 0));
    IS(1, 0, recvmmsg(in, &messages, 1, 0, NULL));
    IS(3, 0, write(out, text, 3));
    IS(3, 0, __read_chk(in, text, 3, 4));
    IS(3, 0, write(out, text, 3));
    IS(3, 0, __recv_chk(in, text, 3, 4, 0));
    IS(3, 0, write(out, text, 3));
    IS(3, 0, __recvfrom_chk(in, text, 3, 4, 0, NULL, NULL));
    IS(-1, EAGAIN, recv(in, text, 3, MSG_DONTWAIT));
    IS(-1, EBADF, read(-1, text, 3));
    IS(-1, EBADF, write(-1, text, 3));
    IS(-1, EOPNOTSUPP, accept(in, NULL, NULL));
    IS(-1, EOPNOTSUPP, accept4(in, NULL, NULL, SOCK_CLOEXEC));
    IS(-1, EBADF, connect(-1, NULL, 0));
}

static void on_signal(int signal) { (void)signal; }

static void signals(void)
{
    sigset_t set, empty;
    siginfo_t info;
    int number = 0;
    sigemptyset(&empty);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGALRM);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGUSR1, on_signal);
    IS(-1, EAGAIN, sigtimedwait(&set, &info, &little));
    raise(SIGUSR1);
    IS(SIGUSR1, 0, sigwaitinfo(&set, &info));
    raise(SIGUSR1);
    IS(0, 0, sigwait(&set, &number));
    IS(SIGUSR1, 0, number);
    raise(SIGUSR1);
    IS(-1, EINTR, sigsuspend(&empty));
}

enum { STATUS = 5 };

static pid_t child(void)
{
    pid_t pid = fork();
    if (pid == 0)
        _exit(STATUS);
    return pid;
}

static void children(void)
{
    struct rusage usage;
    siginfo_t info;
    int status = 0;
    pid_t pid = child();
    IS(pid, 0, wait(&status));
    IS(STATUS, 0, WEXITSTATUS(status));
    IS(pid, 0, waitpid(pid = child(), &status, 0));
    IS(0, 0, waitid(P_PID, (id_t)(pid = child()), &info, WEXITED));
    IS(STATUS, 0, info.si_status);
    IS(pid, 0, wait3((pid = child(), &status), 0, &usage));
    IS(pid, 0, wait4(pid = child(), &status, 0, &usage));
    IS(-1, ECHILD, wait(NULL));
    IS(-1, ECHILD, waitpid(-1, NULL, WNOHANG));
    IS(-1, ECHILD, waitid(P_ALL, 0, &info, WEXITED));
}

/* Each executes a shell that ends with its argument; one that isn't there is an error. */
static void execute(int way)
{
    char *const argv[] = {"sh", "-c", "exit $0", "5", NULL}, path[] = "/bin/sh";
    int shell = open(path, O_RDONLY);
    switch (way) {
    case 0: execve(path, argv, environ); break;
    case 1: execv(path, argv); break;
    case 2: execvp("sh", argv); break;
    case 3: execvpe("sh", argv, environ); break;
    case 4: fexecve(shell, argv, environ); break;
    case 5: execveat(AT_FDCWD, path, argv, environ, 0); break;
    case 6: execl(path, "sh", "-c", "exit $0", "5", NULL); break;
    case 7: execlp("sh", "sh", "-c", "exit $0", "5", NULL); break;
    case 8: execle(path, "sh", "-c", "exit $0", "5", NULL, environ); break;
    }
}

static void executions(void)
{
    char *const argv[] = {"none", NULL};
    int status;
    for (int way = 0; way <= 8; way++) {
        pid_t pid = fork();
        if (pid == 0) {
            execute(way);
            _exit(errno);
        }
        waitpid(pid, &status, 0);
        IS(STATUS + 10 * way, 0, WEXITSTATUS(status) + 10 * way);
    }
    IS(-1, ENOENT, execv("/nonexistent", argv));
    IS(-1, ENOENT, execl("/nonexistent", "none", NULL));
}

static void *hold(void *barrier)
{
    pthread_barrier_wait(barrier);
    pthread_barrier_wait(barrier);
    return NULL;
}

static void limits(void)
{
    pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
    pthread_rwlock_t r = PTHREAD_RWLOCK_INITIALIZER;
    pthread_barrier_t barrier;
    struct timespec real = soon(CLOCK_REALTIME);
    pthread_t thread;
    pthread_spinlock_t spin;
    mtx_t c11;
    cnd_t condition;
    pthread_barrier_init(&barrier, NULL, 2);
    MUST(pthread_create(&thread, NULL, hold, &barrier));
    pthread_barrier_wait(&barrier);
    IS(EBUSY, 0, pthread_tryjoin_np(thread, NULL));
    IS(ETIMEDOUT, 0, pthread_timedjoin_np(thread, NULL, &real));
    IS(ETIMEDOUT, 0, pthread_clockjoin_np(thread, NULL, CLOCK_REALTIME, &real));
    pthread_barrier_wait(&barrier);
    IS(0, 0, pthread_join(thread, NULL));
    IS(0, 0, pthread_mutex_lock(&m));
    IS(EBUSY, 0, pthread_mutex_trylock(&m));
    IS(ETIMEDOUT, 0, pthread_mutex_timedlock(&m, &real));
    IS(0, 0, pthread_rwlock_wrlock(&r));
    IS(EDEADLK, 0, pthread_rwlock_timedrdlock(&r, &real));
    IS(EDEADLK, 0, pthread_rwlock_timedwrlock(&r, &real));
    IS(0, 0, pthread_rwlock_unlock(&r));
    IS(0, 0, pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE));
    IS(0, 0, pthread_spin_lock(&spin));
    IS(EBUSY, 0, pthread_spin_trylock(&spin));
    IS(0, 0, pthread_spin_unlock(&spin));
    IS(0, 0, pthread_spin_destroy(&spin));
    IS(ETIMEDOUT, 0, pthread_mutex_clocklock(&m, CLOCK_REALTIME, &real));
    IS(0, 0, pthread_rwlock_clockrdlock(&r, CLOCK_REALTIME, &real));
    IS(ETIMEDOUT, 0, pthread_rwlock_clockwrlock(&r, CLOCK_REALTIME, &real));
    IS(thrd_success, 0, mtx_init(&c11, mtx_timed));
    IS(thrd_success, 0, mtx_timedlock(&c11, &real));
    IS(thrd_busy, 0, mtx_trylock(&c11));
    IS(thrd_timedout, 0, mtx_timedlock(&c11, &real));
    cnd_init(&condition);
    IS(thrd_timedout, 0, cnd_timedwait(&condition, &c11, &real));
    IS(thrd_success, 0, mtx_unlock(&c11));
}

int main(void)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) != 0)
        die("socketpair");
    alarm(60); /* whatever should have come */
    transfers(ends[0], ends[1]);
    if (write(ends[1], "x", 1) != 1)
        die("write");
    descriptors(ends[1], ends[0]);
    sleeps();
    limits();
    children();
    executions();
    signals();
    printf("wrong=%d of=1\n", wrong);
    return wrong != 0;
}
