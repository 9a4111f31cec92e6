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

static inline int sys_is_there(const char *path)
{
    return sys_call(SYS_faccessat, AT_FDCWD, (long)path, 0, 0, 0, 0) == 0;
}

/* Anonymous private memory, zeroed; NULL when there is none. */
static inline void *sys_pages(size_t size)
{
    long p = sys_call(SYS_mmap, 0, (long)size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                      -1, 0);
    return p < 0 && p > -4096 ? NULL : (void *)p;
}

/* Does the kernel still have this thread of ours? */
static inline int sys_thread_exists(int pid, int tid)
{
    return sys_call(SYS_tgkill, pid, tid, 0, 0, 0, 0) != -ESRCH;
}

/* Monotonic time in microseconds, from the kernel itself: a preloaded clock can't mislead it. */
static inline int64_t sys_now_us(void)
{
    struct timespec t = {0, 0};
    sys_call(SYS_clock_gettime, CLOCK_MONOTONIC, (long)&t, 0, 0, 0, 0);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}
static inline void sys_sleep_us(long us)
{
    struct timespec t = {us / 1000000, us % 1000000 * 1000};
    sys_call(SYS_nanosleep, (long)&t, 0, 0, 0, 0, 0);
}

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

/*
 * Can 8 bytes be read at p? rt_sigprocmask copies its set in before it looks at the (invalid) first
 * argument, so nothing changes: EFAULT says no.
 */
static inline int sys_readable(const void *p)
{
    return sys_call(SYS_rt_sigprocmask, -1, (long)p, 0, 8, 0, 0) != -EFAULT;
}

/*
 * Is the page at p mapped shared? mremap with an old size of 0 gives a second mapping of a shared
 * page and refuses a private one (EINVAL); EFAULT: nothing is mapped there. Other errors: no memory is
 * left for a second mapping, unless this "kernel" (an emulator) refuses so what is certainly private.
 */
enum mapping { MAPPING_NONE, MAPPING_PRIVATE, MAPPING_SHARED };
static inline long sys_map_again(const void *p, uintptr_t page_size)
{
    return sys_call(SYS_mremap, (long)((uintptr_t)p & -page_size), 0, (long)page_size,
                    MREMAP_MAYMOVE, 0, 0);
}
static inline enum mapping sys_mapping(const void *p, uintptr_t page_size)
{
    long copy = sys_map_again(p, page_size);
    if (copy == -EFAULT)
        return MAPPING_NONE;
    if (copy == -EINVAL)
        return MAPPING_PRIVATE;
    if (copy < 0 && copy > -4096)
        return sys_map_again(&copy, page_size) == -EINVAL ? MAPPING_SHARED : MAPPING_PRIVATE;
    sys_call(SYS_munmap, copy, (long)page_size, 0, 0, 0, 0);
    return MAPPING_SHARED;
}

#endif
