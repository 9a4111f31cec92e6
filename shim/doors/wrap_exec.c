/* Doors: exec. They run in children of vfork too, on the parent's memory. */
#include <errno.h>
#include <stdarg.h>

#include "base/export.h"
#include "base/libc.h"
#include "protocol/orphans.h"

/* libc is as good as its caller: the arguments end with a null pointer, or never. */
static size_t count(va_list arguments)
{
    size_t n = 1;
    while (va_arg(arguments, char *))
        n++;
    return n;
}

static void collect(char **argv, const char *first, va_list arguments)
{
    *argv++ = (char *)first;
    while ((*argv++ = va_arg(arguments, char *)))
        ;
}

/* Declares `argv`: the first argument and all that follow. */
#define COLLECT(first)                                                                          \
    va_list arguments, again;                                                                   \
    va_start(arguments, first);                                                                 \
    va_copy(again, arguments);                                                                  \
    char *argv[count(again) + 1];                                                               \
    va_end(again);                                                                              \
    collect(argv, first, arguments)

EXPORT int execve(const char *path, char *const argv[], char *const environment[])
{
    EXECUTING;
    return libc.execve(path, argv, environment);
}

EXPORT int execv(const char *path, char *const argv[])
{
    EXECUTING;
    return libc.execv(path, argv);
}

EXPORT int execvp(const char *file, char *const argv[])
{
    EXECUTING;
    return libc.execvp(file, argv);
}

EXPORT int execvpe(const char *file, char *const argv[], char *const environment[])
{
    EXECUTING;
    return libc.execvpe(file, argv, environment);
}

EXPORT int fexecve(int fd, char *const argv[], char *const environment[])
{
    EXECUTING;
    return libc.fexecve(fd, argv, environment);
}

EXPORT int execveat(int fd, const char *path, char *const argv[], char *const environment[],
                    int flags)
{
    EXECUTING;
    if (!libc.execveat)
        return errno = ENOSYS, -1;
    return libc.execveat(fd, path, argv, environment, flags);
}

EXPORT int execl(const char *path, const char *argument, ...)
{
    COLLECT(argument);
    va_end(arguments);
    EXECUTING;
    return libc.execv(path, argv);
}

EXPORT int execlp(const char *file, const char *argument, ...)
{
    COLLECT(argument);
    va_end(arguments);
    EXECUTING;
    return libc.execvp(file, argv);
}

EXPORT int execle(const char *path, const char *argument, ...)
{
    COLLECT(argument);
    char *const *environment = va_arg(arguments, char *const *);
    va_end(arguments);
    EXECUTING;
    return libc.execve(path, argv, environment);
}
