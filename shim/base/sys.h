/*
 * System calls, made directly: libc's wrappers are cancellation points, set errno, or are doors of
 * ours. Results are the kernel's: a negative errno on failure. All are async-signal-safe.
 */
#ifndef HOLDSTILL_SYS_H
#define HOLDSTILL_SYS_H

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>

#if defined(__x86_64__)
static inline long sys_call(long number, long a, long b, long c, long d, long e, long f)
{
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}
static inline void sys_pause_cpu(void) { __builtin_ia32_pause(); }
#elif defined(__aarch64__)
static inline long sys_call(long number, long a, long b, long c, long d, long e, long f)
{
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;
    __asm__ volatile("svc 0"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                     : "memory");
    return x0;
}
static inline void sys_pause_cpu(void) { __asm__ volatile("yield"); }
#else
#error "Holdstill knows the system calls of x86-64 and aarch64"
#endif

static inline int sys_gettid(void) { return (int)sys_call(SYS_gettid, 0, 0, 0, 0, 0, 0); }
static inline int sys_getpid(void) { return (int)sys_call(SYS_getpid, 0, 0, 0, 0, 0, 0); }
static inline void sys_yield(void) { sys_call(SYS_sched_yield, 0, 0, 0, 0, 0, 0); }

static inline long sys_open(const char *path, int flags, int mode)
{
    return sys_call(SYS_openat, AT_FDCWD, (long)path, flags | O_CLOEXEC, mode, 0, 0);
}
static inline long sys_read(int fd, void *buffer, size_t size)
{
    return sys_call(SYS_read, fd, (long)buffer, (long)size, 0, 0, 0);
}
static inline long sys_write(int fd, const void *buffer, size_t size)
{
    return sys_call(SYS_write, fd, (long)buffer, (long)size, 0, 0, 0);
}
static inline void sys_close(int fd) { sys_call(SYS_close, fd, 0, 0, 0, 0, 0); }

/* By the one call that nobody denies. */
static inline int sys_is_there(const char *path)
{
    long fd = sys_open(path, O_PATH, 0);
    if (fd >= 0)
        sys_close((int)fd);
    return fd >= 0;
}

/* Anonymous private memory, zeroed; NULL when there is none. */
static inline void *sys_pages(size_t size)
{
    long p = sys_call(SYS_mmap, 0, (long)size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                      -1, 0);
    return p < 0 && p > -4096 ? NULL : (void *)p;
}

/* Monotonic time in microseconds, from the kernel itself: a preloaded clock can't mislead it. */
int64_t sys_now_us(void);
void sys_sleep_us(long us);

/* Sleeps while *word == value, at most timeout_us (negative: for ever). */
static inline long sys_futex_wait(const void *word, uint32_t value, int64_t timeout_us)
{
    struct timespec t = {timeout_us / 1000000, timeout_us % 1000000 * 1000};
    return sys_call(SYS_futex, (long)word, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, value,
                    timeout_us < 0 ? 0 : (long)&t, 0, 0);
}
static inline void sys_futex_wake(const void *word, int count)
{
    sys_call(SYS_futex, (long)word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, count, 0, 0, 0);
}
static inline void sys_futex_wake_shared(const void *word, int count)
{
    sys_call(SYS_futex, (long)word, FUTEX_WAKE, count, 0, 0, 0);
}

/* How many CPUs this thread may run on, besides the one that it has; at least 1. */
static inline int sys_other_cpus(void)
{
    unsigned long mask[16] = {0}; /* a kernel for more says EINVAL */
    long size = sys_call(SYS_sched_getaffinity, 0, sizeof mask, (long)mask, 0, 0, 0);
    int cpus = 0;
    for (long i = 0; i < size / (long)sizeof *mask; i++)
        cpus += __builtin_popcountl(mask[i]);
    return cpus > 2 ? cpus - 1 : 1;
}

/*
 * Can 8 bytes be read at p? rt_sigprocmask copies its set in before it looks at the (invalid) first
 * argument, so nothing changes: EFAULT says no. Of a null pointer, which is no set, it says yes.
 */
static inline int sys_readable(const void *p)
{
    return sys_call(SYS_rt_sigprocmask, -1, (long)p, 0, 8, 0, 0) != -EFAULT;
}

/* Copies memory of ours that another thread may unmap meanwhile; how many bytes of it could be read. */
size_t sys_copy(void *to, const void *from, size_t size);

#endif
