/*
 * Prototypes of what libc exports but declares in no header that we can include (Linux Standard
 * Base, "Interface Definitions for libc"; glibc's fortified entry points).
 */
#ifndef HOLDSTILL_UNDECLARED_H
#define HOLDSTILL_UNDECLARED_H

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

typedef int main_function(int, char **, char **);

extern pid_t __fork(void);
extern int __register_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void),
                             void *dso);

/* glibc passes every handler the exit status as well. */
typedef void exit_function(void *argument, int status);
extern int __cxa_atexit(exit_function *function, void *argument, void *dso);
extern void __cxa_finalize(void *dso);
extern int __libc_start_main(main_function *main, int argc, char **argv, void (*init)(void),
                             void (*fini)(void), void (*rtld_fini)(void), void *stack_end);

extern int __poll_chk(struct pollfd *fds, nfds_t count, int timeout, size_t size);
extern int __ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
                       const sigset_t *mask, size_t size);
extern ssize_t __read_chk(int fd, void *buffer, size_t count, size_t size);
extern ssize_t __recv_chk(int fd, void *buffer, size_t count, size_t size, int flags);
extern ssize_t __recvfrom_chk(int fd, void *buffer, size_t count, size_t size, int flags,
                              struct sockaddr *address, socklen_t *length);

#endif
