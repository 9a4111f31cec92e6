/* Doors: waiting for descriptors: cancellation points. The fortified entry points included. */
#include "base/export.h"
#include "base/libc.h"
#include "core/wait.h"

/* A timeout of 0 is no wait, a negative one no limit. */
static inline enum wait_kind by_milliseconds(int timeout)
{
    return timeout == 0 ? WAIT_NONE : timeout < 0 ? WAIT_UNTIMED : WAIT_TIMED;
}
static inline enum wait_kind by_pointer(const void *time)
{
    return time ? WAIT_TIMED : WAIT_UNTIMED;
}

EXPORT int poll(struct pollfd *fds, nfds_t count, int timeout)
{
    WAITING(by_milliseconds(timeout));
    return WAITED(libc.poll(fds, count, timeout), > 0);
}

EXPORT int __poll_chk(struct pollfd *fds, nfds_t count, int timeout, size_t size)
{
    WAITING(by_milliseconds(timeout));
    return WAITED(libc.__poll_chk(fds, count, timeout, size), > 0);
}

EXPORT int ppoll(struct pollfd *fds, nfds_t count, const struct timespec *time,
                 const sigset_t *mask)
{
    WAITING(by_pointer(time));
    return WAITED(libc.ppoll(fds, count, time, mask), > 0);
}

EXPORT int __ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *time,
                       const sigset_t *mask, size_t size)
{
    WAITING(by_pointer(time));
    return WAITED(libc.__ppoll_chk(fds, count, time, mask, size), > 0);
}

EXPORT int select(int count, fd_set *in, fd_set *out, fd_set *except, struct timeval *time)
{
    WAITING(by_pointer(time));
    return WAITED(libc.select(count, in, out, except, time), > 0);
}

EXPORT int pselect(int count, fd_set *in, fd_set *out, fd_set *except,
                   const struct timespec *time, const sigset_t *mask)
{
    WAITING(by_pointer(time));
    return WAITED(libc.pselect(count, in, out, except, time, mask), > 0);
}

EXPORT int epoll_wait(int fd, struct epoll_event *events, int count, int timeout)
{
    WAITING(by_milliseconds(timeout));
    return WAITED(libc.epoll_wait(fd, events, count, timeout), > 0);
}

EXPORT int epoll_pwait(int fd, struct epoll_event *events, int count, int timeout,
                       const sigset_t *mask)
{
    WAITING(by_milliseconds(timeout));
    return WAITED(libc.epoll_pwait(fd, events, count, timeout, mask), > 0);
}

EXPORT int epoll_pwait2(int fd, struct epoll_event *events, int count,
                        const struct timespec *time, const sigset_t *mask)
{
    WAITING(by_pointer(time));
    return WAITED(libc.epoll_pwait2(fd, events, count, time, mask), > 0);
}

EXPORT ssize_t read(int fd, void *buffer, size_t count)
{
    WAITING_FOR(fd, POLLIN);
    return WAITED(libc.read(fd, buffer, count), > 0);
}

EXPORT ssize_t __read_chk(int fd, void *buffer, size_t count, size_t size)
{
    WAITING_FOR(fd, POLLIN);
    return WAITED(libc.__read_chk(fd, buffer, count, size), > 0);
}

EXPORT ssize_t readv(int fd, const struct iovec *parts, int count)
{
    WAITING_FOR(fd, POLLIN);
    return WAITED(libc.readv(fd, parts, count), > 0);
}

EXPORT ssize_t write(int fd, const void *buffer, size_t count)
{
    WAITING_FOR(fd, POLLOUT);
    return WAITED(libc.write(fd, buffer, count), > 0);
}

EXPORT ssize_t writev(int fd, const struct iovec *parts, int count)
{
    WAITING_FOR(fd, POLLOUT);
    return WAITED(libc.writev(fd, parts, count), > 0);
}

EXPORT ssize_t recv(int fd, void *buffer, size_t count, int flags)
{
    WAITING_FOR(fd, POLLIN);
    return WAITED(libc.recv(fd, buffer, count, flags), > 0);
}

EXPORT ssize_t __recv_chk(int fd, void *buffer, size_t count, size_t size, int flags)
{
    WAITING_FOR(fd, POLLIN);
    return WAITED(libc.__recv_chk(fd, buffer, count, size, flags), > 0);
}

EXPORT ssize_t recvfrom(int fd, void *buffer, size_t count, int flags, __SOCKADDR_ARG address,
                        socklen_t *length)
{
    WAITING_FOR(fd, POLLIN);
    return WAITED(libc.recvfrom(fd, buffer, count, flags, address, length), > 0);
}

EXPORT ssize_t __recvfrom_chk(int fd, void *buffer, size_t count, size_t size, int flags,
                              struct sockaddr *address, socklen_t *length)
{
    WAITING_FOR(fd, POLLIN);
    return WAITED(libc.__recvfrom_chk(fd, buffer, count, size, flags, address, length), > 0);
}

EXPORT ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
    WAITING_FOR(fd, POLLIN);
    return WAITED(libc.recvmsg(fd, message, flags), > 0);
}

EXPORT int recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags,
                    struct timespec *time)
{
    WAITING_FOR(fd, POLLIN);
    return WAITED(libc.recvmmsg(fd, messages, count, flags, time), > 0);
}

EXPORT ssize_t send(int fd, const void *buffer, size_t count, int flags)
{
    WAITING_FOR(fd, POLLOUT);
    return WAITED(libc.send(fd, buffer, count, flags), > 0);
}

EXPORT ssize_t sendto(int fd, const void *buffer, size_t count, int flags,
                      __CONST_SOCKADDR_ARG address, socklen_t length)
{
    WAITING_FOR(fd, POLLOUT);
    return WAITED(libc.sendto(fd, buffer, count, flags, address, length), > 0);
}

EXPORT ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    WAITING_FOR(fd, POLLOUT);
    return WAITED(libc.sendmsg(fd, message, flags), > 0);
}

EXPORT int accept(int fd, __SOCKADDR_ARG address, socklen_t *length)
{
    WAITING_FOR(fd, POLLIN);
    return WAITED(libc.accept(fd, address, length), >= 0);
}

EXPORT int accept4(int fd, __SOCKADDR_ARG address, socklen_t *length, int flags)
{
    WAITING_FOR(fd, POLLIN);
    return WAITED(libc.accept4(fd, address, length, flags), >= 0);
}

EXPORT int connect(int fd, __CONST_SOCKADDR_ARG address, socklen_t length)
{
    WAITING_FOR(fd, POLLOUT);
    return WAITED(libc.connect(fd, address, length), == 0);
}
