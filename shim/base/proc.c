#include "proc.h"

#include <string.h>

#include "export.h"
#include "sys.h"

static char *append(char *end, const char *text)
{
    size_t size = strlen(text);
    memcpy(end, text, size);
    return end + size;
}

static char *append_number(char *end, int number)
{
    char digits[12];
    size_t i = sizeof digits;
    digits[--i] = 0;
    do
        digits[--i] = (char)('0' + number % 10);
    while (number /= 10);
    return append(end, digits + i);
}

/*
 * Does /proc number threads as we do? Another pid namespace's (unshare --pid without --mount-proc) has other
 * processes by our numbers. A process is asked until it does.
 */
static int is_our_namespaces(void)
{
    static _Atomic int known AT_FORK;
    int pid = sys_getpid();
    if (known == pid)
        return 1;
    char text[16] = "", own[16] = "";
    append_number(own, pid);
    long size = sys_call(SYS_readlinkat, AT_FDCWD, (long)"/proc/self", (long)text, sizeof text - 1, 0, 0);
    if (size <= 0 || strcmp(text, own) != 0)
        return 0;
    known = pid;
    return 1;
}

int proc_is_there(void) { return is_our_namespaces() && sys_is_there("/proc/self/task"); }

static long read_path(const char *path, char *buffer, size_t size)
{
    long fd = sys_open(path, O_RDONLY, 0);
    if (fd < 0)
        return fd;
    long n = sys_read((int)fd, buffer, size - 1);
    sys_close((int)fd);
    buffer[n > 0 ? n : 0] = 0;
    return n;
}

/*
 * Reads a file of a thread as a string; the number of bytes, or a negative errno. Not by /proc/self/task/TID: when
 * a thread and its process end at once, the kernel (seen with 6.18) forgets the names below both, one of them waits
 * busily for the other, and no CPU is left to anybody, for seconds. Of /proc/TID only TID's end makes it forget.
 */
static long read_file(int tid, const char *name, char *buffer, size_t size)
{
    char path[64], *end = append_number(append(path, "/proc/"), tid);
    if (!is_our_namespaces())
        return -EXDEV;
    *append(append(append_number(append(end, "/task/"), tid), "/"), name) = 0;
    long n = read_path(path, buffer, size);
    if (n != -ENOENT)
        return n;
    /* gone; or a /proc, not Linux's own, that has threads in one place only */
    *append(append(append_number(append(path, "/proc/self/task/"), tid), "/"), name) = 0;
    return read_path(path, buffer, size);
}

static uint64_t number(const char **text, unsigned base)
{
    uint64_t value = 0;
    while (**text == ' ')
        ++*text;
    if (base == 16 && (*text)[0] == '0' && (*text)[1] == 'x')
        *text += 2;
    for (;; ++*text) {
        unsigned c = (unsigned char)**text;
        unsigned digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
        if (digit >= base)
            return value;
        value = value * base + digit;
    }
}

/* A missing task directory means a vanished thread only if /proc is there at all. */
static int no_file(long error)
{
    if (error == -ESRCH)
        return STATE_GONE;
    if (error != -ENOENT)
        return STATE_UNKNOWN;
    long fd = sys_open("/proc/self/task", O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0)
        return STATE_UNKNOWN;
    sys_close((int)fd);
    return STATE_GONE;
}

int proc_state(int tid)
{
    char text[512];
    long n = read_file(tid, "stat", text, sizeof text);
    if (n <= 0)
        return no_file(n);
    const char *name_end = strrchr(text, ')');
    if (!name_end || name_end[1] != ' ')
        return STATE_UNKNOWN;
    return name_end[2] == 'Z' ? STATE_GONE : name_end[2];
}

void proc_name(int tid, char *name, size_t room)
{
    char text[32];
    long n = read_file(tid, "comm", text, sizeof text);
    size_t size = n > 0 ? strcspn(text, "\n") : 0;
    if (size >= room)
        size = room - 1;
    memcpy(name, text, size);
    name[size] = 0;
}

int proc_has_thread(int pid, int tid)
{
    long error = sys_call(SYS_tgkill, pid, tid, 0, 0, 0, 0);
    return error == 0 || (error != -ESRCH && proc_state(tid) != STATE_GONE);
}

static int64_t run_time_by_file(int tid)
{
    char text[64];
    const char *at = text;
    return read_file(tid, "schedstat", text, sizeof text) > 0 ? (int64_t)number(&at, 10) : -1;
}

int64_t proc_run_time(int tid)
{
    const unsigned per_thread_run_time = 6; /* linux/posix-timers.h: PERTHREAD | SCHED */
    unsigned clock = ~(unsigned)tid << 3 | per_thread_run_time;
    struct timespec t = {0, 0};
    if (sys_call(SYS_clock_gettime, (int)clock, (long)&t, 0, 0, 0, 0) < 0)
        return run_time_by_file(tid);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/*
 * The system calls that wait. `limit` says what argument number `argument` holds; SPEC: a pointer
 * to a struct timespec, NULL for no limit.
 */
struct waiting_call {
    int number;
    enum { NO_LIMIT, SPEC, MILLISECONDS } limit;
    int argument;
};

static const struct waiting_call waiting_calls[] = {
    {SYS_futex, SPEC, 3},
    {SYS_nanosleep, SPEC, 0},
    {SYS_clock_nanosleep, SPEC, 2},
    {SYS_ppoll, SPEC, 2},
    {SYS_pselect6, SPEC, 4},
    {SYS_epoll_pwait, MILLISECONDS, 3},
#ifdef SYS_epoll_pwait2
    {SYS_epoll_pwait2, SPEC, 3},
#endif
#ifdef SYS_poll
    {SYS_poll, MILLISECONDS, 2},
    {SYS_epoll_wait, MILLISECONDS, 3},
    {SYS_pause, NO_LIMIT, 0},
#endif
    {SYS_rt_sigtimedwait, SPEC, 2},
    {SYS_rt_sigsuspend, NO_LIMIT, 0},
    {SYS_io_getevents, SPEC, 4},
    {SYS_read, NO_LIMIT, 0},
    {SYS_readv, NO_LIMIT, 0},
    {SYS_write, NO_LIMIT, 0},
    {SYS_writev, NO_LIMIT, 0},
    {SYS_recvfrom, NO_LIMIT, 0},
    {SYS_recvmsg, NO_LIMIT, 0},
    {SYS_recvmmsg, NO_LIMIT, 0},
    {SYS_sendto, NO_LIMIT, 0},
    {SYS_sendmsg, NO_LIMIT, 0},
    {SYS_accept, NO_LIMIT, 0},
    {SYS_accept4, NO_LIMIT, 0},
    {SYS_wait4, NO_LIMIT, 0},
    {SYS_waitid, NO_LIMIT, 0},
    {SYS_flock, NO_LIMIT, 0},
    {SYS_msgrcv, NO_LIMIT, 0},
};

/* The clock of a limit that is a point in time; -1: it is a duration. */
static int absolute_clock(int call, const uint64_t *arguments)
{
    if (call == SYS_clock_nanosleep)
        return arguments[1] & TIMER_ABSTIME ? (int)arguments[0] : -1;
    if (call != SYS_futex || (arguments[1] & FUTEX_CMD_MASK) == FUTEX_WAIT)
        return -1;
    int realtime = (arguments[1] & FUTEX_CLOCK_REALTIME) != 0 ||
                   (arguments[1] & FUTEX_CMD_MASK) == FUTEX_LOCK_PI;
    return realtime ? CLOCK_REALTIME : CLOCK_MONOTONIC;
}

/* Of any two numbers: what isn't a time any more is none, or a very long one. */
static int64_t us_of(const struct timespec *t)
{
    if (t->tv_sec < 0 || t->tv_sec >= INT64_MAX / 2000000)
        return t->tv_sec < 0 ? 0 : INT64_MAX / 2;
    return (int64_t)t->tv_sec * 1000000 + t->tv_nsec / 1000;
}

static int64_t left_of_duration(int64_t us, int64_t began_us)
{
    return began_us ? us - (sys_now_us() - began_us) : us;
}

/* The timespec is in our own memory; its thread may return at any time and use it anew. */
static int64_t left_of_spec(int call, const uint64_t *arguments, uint64_t spec, int64_t began_us)
{
    const struct timespec *limit = (const struct timespec *)spec;
    if (!sys_readable(limit) || !sys_readable(&limit->tv_nsec))
        return 0;
    int clock = absolute_clock(call, arguments);
    if (clock < 0)
        return left_of_duration(us_of(limit), began_us);
    struct timespec now = {0, 0};
    sys_call(SYS_clock_gettime, clock, (long)&now, 0, 0, 0, 0);
    return us_of(limit) - us_of(&now);
}

static enum doing classify(int call, const uint64_t *arguments, int64_t began_us, int64_t *left_us)
{
    for (size_t i = 0; i < sizeof waiting_calls / sizeof *waiting_calls; i++) {
        const struct waiting_call *w = &waiting_calls[i];
        if (w->number != call)
            continue;
        uint64_t limit = arguments[w->argument];
        if (w->limit == NO_LIMIT || (w->limit == SPEC && limit == 0) ||
            (w->limit == MILLISECONDS && (int)limit < 0))
            return DOING_UNTIMED_WAIT;
        *left_us = w->limit == SPEC ? left_of_spec(call, arguments, limit, began_us)
                                    : left_of_duration((int64_t)(int)limit * 1000, began_us);
        return DOING_TIMED_WAIT;
    }
    return DOING_OTHER;
}

/* The fields of a thread's file `syscall`; 0: it is in none. */
static enum doing parse_call(const char *text, struct proc_call *call)
{
    if (text[0] == 'r')
        return DOING_RUN;
    if (text[0] == '-')
        return DOING_OTHER;
    call->number = (int)number(&text, 10);
    for (int i = 0; i < 6; i++)
        call->arguments[i] = number(&text, 16);
    call->stack = number(&text, 16);
    call->code = number(&text, 16);
    return DOING_UNKNOWN;
}

enum doing proc_doing(int tid, int64_t began_us, int64_t *left_us)
{
    char text[256];
    struct proc_call call;
    *left_us = 0;
    if (read_file(tid, "syscall", text, sizeof text) <= 0)
        return DOING_UNKNOWN;
    enum doing doing = parse_call(text, &call);
    return doing != DOING_UNKNOWN ? doing : classify(call.number, call.arguments, began_us, left_us);
}

int proc_call_of(int tid, struct proc_call *call)
{
    char text[256];
    return read_file(tid, "syscall", text, sizeof text) > 0 && parse_call(text, call) == DOING_UNKNOWN;
}
