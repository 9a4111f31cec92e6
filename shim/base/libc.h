/*
 * The real functions: what stands behind each door. libc.NAME is NULL for an optional name that
 * this libc doesn't have.
 */
#ifndef HOLDSTILL_LIBC_H
#define HOLDSTILL_LIBC_H

#include <dirent.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <threads.h>
#include <unistd.h>

#include "undeclared.h"

struct libc {
#define SYMBOL(name, since, need, door) __typeof__(name) *name;
#include "../symbols.def"
#undef SYMBOL
};

extern struct libc libc;

/*
 * libc's word on whether the process has one thread only (__libc_single_threaded, 2.32 and later;
 * before, it always says no).
 */
extern const char *libc_single_threaded;

/*
 * Fills `libc` by the dynamic symbol tables of the objects behind ours. Allocates nothing, takes no
 * lock, may run in several threads at once. Returns the number of required names not found.
 */
int libc_resolve(void);

#endif
