#include "orphans.h"

#include <poll.h>
#include <signal.h>
#include <sys/resource.h>

#include "base/options.h"
#include "base/say.h"
#include "base/sys.h"
#include "core/threads.h"

enum { HIGHEST_FD = 1024, BELOW = 16 };
enum { NOT_MADE = -1, NONE_LEFT = -2 };

#ifndef F_SETSIG
#define F_SETSIG 10
#endif

/* The write end of our children's pipe; -1: there is none. No read end is needed to open one. */
static long line = NOT_MADE;

/* Far from the small numbers that programs list, close, or take for granted. */
static long highest_fd(void)
{
    struct rlimit files = {HIGHEST_FD, HIGHEST_FD};
    sys_call(SYS_prlimit64, 0, RLIMIT_NOFILE, 0, (long)&files, 0, 0);
    return files.rlim_cur < HIGHEST_FD ? (long)files.rlim_cur : HIGHEST_FD;
}

static long move_up(int fd)
{
    long highest = highest_fd();
    long moved = sys_call(SYS_fcntl, fd, F_DUPFD_CLOEXEC, highest > 2 * BELOW ? highest - BELOW : 3,
                          0, 0, 0);
    if (moved >= 0)
        sys_close(fd);
    return moved >= 0 ? moved : fd;
}

/* So a program that this process executes knows it again: nothing is ever signalled about it. */
static void mark_as_mine(long fd)
{
    sys_call(SYS_fcntl, fd, F_SETOWN, sys_getpid(), 0, 0, 0);
    sys_call(SYS_fcntl, fd, F_SETSIG, SIGURG, 0, 0, 0);
}

static int is_mine(long fd)
{
    return sys_call(SYS_fcntl, fd, F_GETOWN, 0, 0, 0, 0) == sys_getpid() &&
           sys_call(SYS_fcntl, fd, F_GETSIG, 0, 0, 0, 0) == SIGURG &&
           (sys_call(SYS_fcntl, fd, F_GETFL, 0, 0, 0, 0) & O_ACCMODE) == O_WRONLY;
}

static void survive_exec(int yes)
{
    if (line >= 0)
        sys_call(SYS_fcntl, line, F_SETFD, yes ? 0 : FD_CLOEXEC, 0, 0, 0);
}

void orphans_start(void)
{
    long highest = highest_fd();
    for (long fd = highest - BELOW; options.orphans != ORPHANS_KEEP && fd < highest; fd++)
        if (is_mine(fd))
            line = fd;
    survive_exec(0);
}

void orphans_prepare(void)
{
    int ends[2];
    if (options.orphans == ORPHANS_KEEP || line != NOT_MADE)
        return;
    if (sys_call(SYS_pipe2, (long)ends, O_CLOEXEC, 0, 0, 0, 0) < 0) {
        say("orphans: no descriptor is left for them");
        line = NONE_LEFT;
        return;
    }
    sys_close(ends[0]);
    line = move_up(ends[1]);
    mark_as_mine(line);
}

int orphans_exec_begins(void)
{
    start(); /* in case this door is the first */
    int is_ours = line >= 0 && !process_is_vfork_child();
    if (is_ours)
        survive_exec(1);
    return is_ours;
}

void orphans_exec_failed(const int *began)
{
    if (*began)
        survive_exec(0);
}

static void path_of(char *path, long fd)
{
    static const char prefix[] = "/proc/self/fd/";
    size_t used = sizeof prefix - 1;
    for (size_t i = 0; i < used; i++)
        path[i] = prefix[i];
    for (long unit = 1000000; unit; unit /= 10)
        if (fd >= unit || unit == 1)
            path[used++] = (char)('0' + fd / unit % 10);
    path[used] = 0;
}

/* Whom the kernel signals is a property of the open file, so each child needs its own. It survives
   exec, as the signal does. */
static long open_again(long fd)
{
    char path[32];
    path_of(path, fd);
    long again = sys_call(SYS_openat, AT_FDCWD, (long)path, O_RDONLY | O_NONBLOCK, 0, 0, 0);
    if (again < 0)
        return again;
    long moved = move_up((int)again);
    sys_call(SYS_fcntl, moved, F_SETFD, 0, 0, 0, 0);
    return moved;
}

/* Had the parent ended before the kernel knew whom to tell? */
static int is_cut(long fd)
{
    struct pollfd end = {(int)fd, POLLIN, 0};
    struct timespec at_once = {0, 0};
    sys_call(SYS_ppoll, (long)&end, 1, (long)&at_once, 0, 0, 0);
    return (end.revents & POLLHUP) != 0;
}

IN_CHILD void orphans_bind(void)
{
    long parents = line;
    line = NOT_MADE;
    if (parents < 0)
        return;
    int number = options.orphans == ORPHANS_KILL ? SIGKILL : SIGTERM, me = sys_getpid();
    long fd = open_again(parents);
    sys_close((int)parents);
    if (fd < 0) {
        say("orphans: without /proc a child can't be bound to its parent");
        return;
    }
    if (sys_call(SYS_fcntl, fd, F_SETOWN, me, 0, 0, 0) < 0 ||
        sys_call(SYS_fcntl, fd, F_SETSIG, number, 0, 0, 0) < 0 ||
        sys_call(SYS_fcntl, fd, F_SETFL, O_ASYNC | O_NONBLOCK, 0, 0, 0) < 0)
        say("orphans: this kernel can't bind a child to its parent");
    if (is_cut(fd))
        sys_call(SYS_kill, me, number, 0, 0, 0, 0);
}
