#ifndef BENCH_H
#define BENCH_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static inline double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e9 + t.tv_nsec;
}

/* Prints nanoseconds per operation, a line a round, until `ms` have passed. */
static inline void run_rounds(double ms, void (*round)(int operations), int operations)
{
    double end = now_ns() + ms * 1e6;
    round(operations);
    for (double start = now_ns(); start < end; start = now_ns()) {
        round(operations);
        printf("%.3f\n", (now_ns() - start) / operations);
    }
}

static inline void usage(int wrong, const char *text)
{
    if (wrong) {
        fprintf(stderr, "usage: %s\n", text);
        exit(2);
    }
}

static inline void must(int failed, const char *what)
{
    if (failed) {
        perror(what);
        exit(1);
    }
}

/* What is left is the switch between threads, not how long an idle processor takes to wake. */
static inline void stay_on(int processor)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(processor, &set);
    must(sched_setaffinity(0, sizeof set, &set), "sched_setaffinity");
}

static inline void start_thread(void *(*routine)(void *), void *argument, int detached)
{
    pthread_attr_t attr;
    pthread_t thread;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, 64 * 1024);
    pthread_attr_setdetachstate(&attr,
                                detached ? PTHREAD_CREATE_DETACHED : PTHREAD_CREATE_JOINABLE);
    must(pthread_create(&thread, &attr, routine, argument), "pthread_create");
    pthread_attr_destroy(&attr);
}

#endif
