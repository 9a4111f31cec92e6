#include "sys.h"

#include <string.h>
#include <sys/uio.h>

#include "elf.h"

typedef int clock_function(clockid_t, struct timespec *);

/*
 * A filter of system calls that was made from a trace of them lacks the clock, which programs read
 * without a call. libc's needs none either.
 */
static void read_without_call(struct timespec *t)
{
    static clock_function *_Atomic libcs;
    int saved_errno = errno;
    if (!libcs)
        libcs = elf_next("clock_gettime");
    if (libcs)
        libcs(CLOCK_MONOTONIC, t);
    errno = saved_errno;
}

int64_t sys_now_us(void)
{
    struct timespec t = {0, 0};
    if (sys_call(SYS_clock_gettime, CLOCK_MONOTONIC, (long)&t, 0, 0, 0, 0) < 0)
        read_without_call(&t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* Old versions of libc sleep by the one call, new ones by the other: a filter may know only one. */
void sys_sleep_us(long us)
{
    struct timespec t = {us / 1000000, us % 1000000 * 1000};
    long error = sys_call(SYS_nanosleep, (long)&t, 0, 0, 0, 0, 0);
    if (error < 0 && error != -EINTR)
        sys_call(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, (long)&t, 0, 0, 0);
}

/* Where process_vm_readv is denied, what goes between the question and the copy is missed. */
static size_t copy_words(char *to, const char *from, size_t size)
{
    size_t done = 0;
    while (done < size && sys_readable(from + done)) {
        size_t step = size - done < 8 ? size - done : 8;
        memcpy(to + done, from + done, step);
        done += step;
    }
    return done;
}

/* Page by page: a part that reaches into what isn't there may not be copied at all. */
size_t sys_copy(void *to, const void *from, size_t size)
{
    enum { PAGE = 4096 };
    size_t done = 0;
    while (done < size) {
        const char *next = (const char *)from + done;
        size_t rest = PAGE - (uintptr_t)next % PAGE, step = size - done < rest ? size - done : rest;
        struct iovec here = {(char *)to + done, step}, there = {(void *)next, step};
        long n = sys_call(SYS_process_vm_readv, sys_getpid(), (long)&here, 1, (long)&there, 1, 0);
        if (n < 0 && n != -EFAULT)
            return done + copy_words((char *)to + done, next, size - done);
        if (n != (long)step)
            return done;
        done += step;
    }
    return done;
}
