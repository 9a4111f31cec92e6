#include "sink.h"

#include <limits.h>
#include <signal.h>

#include "out.h"
#include "sys.h"

/* 0: too long. */
static int expand(const char *name, char *path, size_t room)
{
    struct out o = {path, 0, room - 1};
    for (; *name; name++) {
        if (name[0] == '%' && name[1] == 'p')
            out_number(&o, sys_getpid());
        else if (name[0] != '%' || name[1] != '%')
            out_bytes(&o, name, 1);
        else
            out_bytes(&o, "%", 1);
        name += name[0] == '%' && (name[1] == 'p' || name[1] == '%');
    }
    path[o.used] = 0;
    return o.used < o.room;
}

long sink_open(const char *name, int *is_new)
{
    enum { FLAGS = O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY };
    char path[PATH_MAX];
    if (!expand(name, path, sizeof path))
        return -ENAMETOOLONG;
    long fd = sys_open(path, FLAGS | O_CREAT | O_EXCL, 0666);
    if (is_new)
        *is_new = fd >= 0;
    return fd == -EEXIST ? sys_open(path, FLAGS, 0) : fd;
}

static long write_all(int fd, const char *text, size_t size)
{
    while (size) {
        long written = sys_write(fd, text, size);
        if (written == -EINTR)
            continue;
        if (written <= 0)
            return written ? written : -EIO;
        text += written;
        size -= (size_t)written;
    }
    return 0;
}

static _Atomic int ending;

void sink_end(void) { ending = 1; }

/* A pipe that nobody reads and a limit of the files' size raise signals that end a program. */
long sink_write(int fd, const char *text, size_t size)
{
    static const struct { int64_t seconds, ns; } at_once;
    const uint64_t raised = (uint64_t)1 << (SIGPIPE - 1) | (uint64_t)1 << (SIGXFSZ - 1);
    uint64_t before = 0;
    sys_call(SYS_rt_sigprocmask, SIG_BLOCK, (long)&raised, (long)&before, sizeof before, 0, 0);
    long result = write_all(fd, text, size);
    int is_raised = result == -EPIPE || result == -EFBIG;
    if (is_raised && ending)
        return result;
    if (is_raised)
        sys_call(SYS_rt_sigtimedwait, (long)&raised, 0, (long)&at_once, sizeof raised, 0, 0);
    sys_call(SYS_rt_sigprocmask, SIG_SETMASK, (long)&before, 0, sizeof before, 0, 0);
    return result;
}
