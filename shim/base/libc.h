/*
 * The real functions: what stands behind each door. libc.NAME is NULL for an optional name that
 * this libc doesn't have.
 */
#ifndef HOLDSTILL_LIBC_H
#define HOLDSTILL_LIBC_H

#include <aio.h>
#include <aliases.h>
#include <dirent.h>
#include <dlfcn.h>
#include <execinfo.h>
#include <fmtmsg.h>
#include <grp.h>
#include <gshadow.h>
#include <iconv.h>
#include <libintl.h>
#include <link.h>
#include <locale.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <printf.h>
#include <pthread.h>
#include <pwd.h>
#include <resolv.h>
#include <semaphore.h>
#include <shadow.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <syslog.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>
#include <utmp.h>
#include <utmpx.h>
#include <wchar.h>

#include "export.h"
#include "undeclared.h"

struct libc {
#define API(name)
#define SYMBOL(name, since, need, door) __typeof__(name) *name;
#include "../symbols.def"
#undef SYMBOL
#undef API
};

extern INTERNAL struct libc libc;

/*
 * libc's word on whether the process has one thread only (__libc_single_threaded, 2.32 and later;
 * before, it always says no).
 */
extern INTERNAL const char *libc_single_threaded;

/*
 * Fills `libc` by the dynamic symbol tables of the objects behind ours, but for the names that symbols.def has
 * found late. Allocates nothing, takes no lock, may run in several threads at once. Returns the number of
 * required names not found.
 */
int libc_resolve(void);

/* The same for one function, by its member of `libc`. */
void libc_find(void *const *member);

/* One name after the other, late ones too; behind the last, `name` is NULL. */
struct libc_symbol {
    const char *name;
    void *function;
    int is_required;
};
struct libc_symbol libc_symbol(size_t number);

/* The name of a function, by the address of its member of `libc`. */
const char *libc_name(const void *member);

#endif
