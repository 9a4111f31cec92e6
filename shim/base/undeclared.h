/*
 * Prototypes of what libc exports but declares in no header that we can include (Linux Standard
 * Base, "Interface Definitions for libc"; glibc's fortified entry points).
 */
#ifndef HOLDSTILL_UNDECLARED_H
#define HOLDSTILL_UNDECLARED_H

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/types.h>

typedef int main_function(int, char **, char **);

extern pid_t __fork(void);
extern int __register_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void),
                             void *dso);

/* glibc passes every handler the exit status as well. */
typedef void exit_function(void *argument, int status);
extern int __cxa_atexit(exit_function *function, void *argument, void *dso);
extern int __cxa_at_quick_exit(void (*function)(void *), void *dso);
extern void __cxa_finalize(void *dso);
extern int __libc_start_main(main_function *main, int argc, char **argv, void (*init)(void),
                             void (*fini)(void), void (*rtld_fini)(void), void *stack_end);

/* Itanium C++ ABI, 3.3.3: one-time construction. They are libstdc++'s (or libc++abi's). */
extern int __cxa_guard_acquire(uint64_t *guard);
extern void __cxa_guard_release(uint64_t *guard);
extern void __cxa_guard_abort(uint64_t *guard);

/* thread_local destructors; the C++ runtime calls it. */
extern int __cxa_thread_atexit_impl(void (*function)(void *), void *argument, void *dso);

extern void __syslog_chk(int priority, int flag, const char *format, ...);
extern void __vsyslog_chk(int priority, int flag, const char *format, va_list arguments);

/* What strerror_r is where _GNU_SOURCE isn't defined. */
extern int __xpg_strerror_r(int error, char *to, size_t size);

/* Declared from 2.35 on. */
extern int epoll_pwait2(int fd, struct epoll_event *events, int count,
                        const struct timespec *time, const sigset_t *mask);

extern int __poll_chk(struct pollfd *fds, nfds_t count, int timeout, size_t size);
extern int __ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
                       const sigset_t *mask, size_t size);
extern ssize_t __read_chk(int fd, void *buffer, size_t count, size_t size);
extern ssize_t __recv_chk(int fd, void *buffer, size_t count, size_t size, int flags);
extern ssize_t __recvfrom_chk(int fd, void *buffer, size_t count, size_t size, int flags,
                              struct sockaddr *address, socklen_t *length);

#endif
