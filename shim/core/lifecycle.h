/* How threads begin and end: records, vanished threads, and joins of the exiting thread. */
#ifndef HOLDSTILL_LIFECYCLE_H
#define HOLDSTILL_LIFECYCLE_H

#include <threads.h>
#include <time.h>

#include "threads.h"

/* As pthread_create and thrd_create; the record is made before the thread exists. */
int thread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *),
                  void *argument);
int thread_create_c11(thrd_t *thread, thrd_start_t start, void *argument);

/* It is detached now; 0 for a ghost, which libc must not see. */
int thread_detach(pthread_t thread);

/* ESRCH for a ghost. */
int thread_cancel(pthread_t thread);
int thread_kill(pthread_t thread, int signal);

/* One of libc's ways to join. A ghost answers 0, once: with its result if it had
   ended before the fork, else with PTHREAD_CANCELED. */
enum join { JOIN, JOIN_TRY, JOIN_TIMED, JOIN_CLOCK };
struct joining {
    enum join how;
    clockid_t clock;
    const struct timespec *time;
    const void *site;
};
int thread_join(pthread_t thread, void **result, const struct joining *how);
int thread_join_c11(thrd_t thread, int *result, const void *site);

/* What the calling thread is at exit. */
void thread_set_class(enum thread_class class);

/* The calling thread is about to end with this result: hold still if the process exits. */
void thread_ends(void *result);

#endif
