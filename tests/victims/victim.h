/*
 * What victims share: clocks, random numbers, children with a deadline and
 * their counts.  Header only, for C and C++.
 *
 * In the environment: VICTIM_LIMIT_MS, how long a child may take before it
 * counts as hung and is killed (5000); VICTIM_HUNG, after how many hung children
 * most victims end (20); VICTIM_UNTIL, the fault (hung, torn, wrong, crashed)
 * after the first of which they end; VICTIM_KEEP: a hung child isn't killed, but named on
 * standard error, and waited for, so that somebody can look at it.
 */
#ifndef VICTIM_H
#define VICTIM_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CHILD_OK = 0, CHILD_TORN = 3, CHILD_WRONG = 4 };

/* A failing set-up is no finding: status 99, a hard error in TAP harnesses. */
__attribute__((noreturn)) static inline void die(const char *what)
{
    fprintf(stderr, "victim: %s: %s\n", what, strerror(errno));
    _exit(99);
}

/* For calls that return an error number. */
#define MUST(call)                                                                                 \
    do {                                                                                           \
        errno = (call);                                                                            \
        if (errno != 0)                                                                            \
            die(#call);                                                                            \
    } while (0)

static inline int64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static inline double ms_since(int64_t start)
{
    return (double)(now_ns() - start) / 1e6;
}

static inline void sleep_us(long us)
{
    struct timespec t;

    t.tv_sec = us / 1000000;
    t.tv_nsec = us % 1000000 * 1000;
    nanosleep(&t, NULL);
}

/* The time so many ms from now, for timed waits on `clock`. */
static inline struct timespec in_ms(clockid_t clock, long ms)
{
    struct timespec t;

    clock_gettime(clock, &t);
    t.tv_sec += ms / 1000;
    t.tv_nsec += ms % 1000 * 1000000;
    if (t.tv_nsec >= 1000000000) {
        t.tv_sec++;
        t.tv_nsec -= 1000000000;
    }
    return t;
}

/* xorshift: a state a thread, never zero. */
static inline uint32_t next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

static inline int argument(int argc, char **argv, int index, int otherwise)
{
    return index < argc ? atoi(argv[index]) : otherwise;
}

static inline int setting(const char *name, int otherwise)
{
    const char *text = getenv(name);

    return text ? atoi(text) : otherwise;
}

static inline int limit_ms(void) { return setting("VICTIM_LIMIT_MS", 5000); }

static inline bool is_awaited(const char *fault)
{
    const char *until = getenv("VICTIM_UNTIL");

    return until && strcmp(until, fault) == 0;
}

static inline int enough_hung(int otherwise)
{
    return is_awaited("hung") ? 1 : setting("VICTIM_HUNG", otherwise);
}

/* What `VICTIM list` does: prints the names of a table. */
#define LIST_NAMES(argc, argv, table)                                                              \
    do {                                                                                           \
        if ((argc) < 2 || strcmp((argv)[1], "list") != 0)                                          \
            break;                                                                                 \
        for (size_t at = 0; at < sizeof(table) / sizeof(table)[0]; at++)                           \
            puts((table)[at].name);                                                                \
        exit(0);                                                                                   \
    } while (0)

/* A pointer to the entry of that name, or NULL. */
#define FIND_BY_NAME(name_, table)                                                                 \
    ({                                                                                             \
        __typeof__(&(table)[0]) found = NULL;                                                      \
        for (size_t at = 0; (name_) && at < sizeof(table) / sizeof(table)[0]; at++)                \
            if (strcmp((name_), (table)[at].name) == 0)                                            \
                found = &(table)[at];                                                              \
        found;                                                                                     \
    })

static inline pthread_t start(void *(*routine)(void *), void *argument)
{
    pthread_t thread;

    MUST(pthread_create(&thread, NULL, routine, argument));
    return thread;
}

static inline void start_detached(void *(*routine)(void *), void *argument)
{
    MUST(pthread_detach(start(routine, argument)));
}

/* So that threads share one, on which one of them gets what others leave. */
static inline void use_first_cpu(void)
{
    cpu_set_t all, one;

    CPU_ZERO(&one);
    MUST(pthread_getaffinity_np(pthread_self(), sizeof all, &all));
    for (int cpu = 0; CPU_COUNT(&one) == 0; cpu++)
        if (CPU_ISSET(cpu, &all))
            CPU_SET(cpu, &one);
    MUST(pthread_setaffinity_np(pthread_self(), sizeof one, &one));
}

static inline void run_when_idle(void)
{
    const struct sched_param lowest = {0};

    MUST(pthread_setschedparam(pthread_self(), SCHED_IDLE, &lowest));
}

/* As the kernel's file of a task says: R, S, D ...; 0 if there is none. */
static inline char state_of(const char *path)
{
    char state = 0;
    FILE *file = fopen(path, "re");

    if (file && fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
        state = 0;
    if (file)
        fclose(file);
    return state;
}

/* The same of an open file, without an allocation. */
static inline char state_in(int stat)
{
    char text[256] = "";
    const char *name_ends;

    if (pread(stat, text, sizeof text - 1, 0) <= 0)
        die("stat");
    name_ends = strrchr(text, ')');
    return (char)(name_ends ? name_ends[2] : 0);
}

/* How many threads of this process sleep in the kernel; the caller doesn't. */
static inline int count_asleep(void)
{
    DIR *dir = opendir("/proc/self/task");
    struct dirent *entry;
    int count = 0;

    if (!dir)
        die("/proc/self/task");
    while ((entry = readdir(dir)) != NULL) {
        char path[300];

        snprintf(path, sizeof path, "/proc/self/task/%s/stat", entry->d_name);
        count += entry->d_name[0] != '.' && state_of(path) == 'S';
    }
    closedir(dir);
    return count;
}

/* Twice in a row: a thread on its way to sleep may wait shortly for others. */
static inline void await_asleep(int threads)
{
    for (int seen = 0; seen < 2; sleep_us(1000))
        seen = count_asleep() >= threads ? seen + 1 : 0;
}

/* Steps in the order they happened, as one line: "work,handler". */
static inline void crumb(const char *step)
{
    static int any;
    char text[64];
    int length = snprintf(text, sizeof text, "%s%s",
                          __atomic_exchange_n(&any, 1, __ATOMIC_RELAXED) ? "," : "", step);

    if (write(1, text, (size_t)length) != length)
        _exit(99);
}

/* Findings of victims that need no child: what was not as it must be. */
static inline int *findings(void)
{
    static int count;

    return &count;
}

static inline void expect(bool right, const char *what)
{
    if (right)
        return;
    if (__atomic_fetch_add(findings(), 1, __ATOMIC_RELAXED) < 10)
        fprintf(stderr, "not so: %s\n", what);
}

/* What `repeat -t` counts from. */
static inline void mark_end(void)
{
    dprintf(1, "%lld\n", (long long)now_ns());
}

/* Until somebody kills it. */
static inline void keep_hung(pid_t child)
{
    siginfo_t info;

    dprintf(2, "hung: %d\n", (int)child);
    while (waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT) != 0 && errno == EINTR)
        ;
}

/* The wait status of the child, or -1: it had to be killed. */
static inline int reap(pid_t child)
{
    int64_t begin = now_ns();
    int status;

    while (waitpid(child, &status, WNOHANG) == 0) {
        if (ms_since(begin) > limit_ms()) {
            if (setting("VICTIM_KEEP", 0))
                keep_hung(child);
            kill(child, SIGKILL);
            waitpid(child, &status, 0);
            return -1;
        }
        sleep_us(100);
    }
    return status;
}

enum { SAMPLES = 1024 };

struct tally {
    int of, hung, torn, wrong;
    int forks;
    double first_fork_us, longest_fork_ms;
    float fork_us[SAMPLES]; /* of the last forks */
};

static inline void count_fork(struct tally *tally, int64_t begin)
{
    double ms = ms_since(begin);

    if (tally->forks == 0)
        tally->first_fork_us = ms * 1e3;
    if (ms > tally->longest_fork_ms)
        tally->longest_fork_ms = ms;
    tally->fork_us[tally->forks++ % SAMPLES] = (float)(ms * 1e3);
}

static inline double last_fork_ms(const struct tally *tally)
{
    return tally->forks ? tally->fork_us[(tally->forks - 1) % SAMPLES] / 1e3 : 0;
}

static inline int by_length(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;

    return (x > y) - (x < y);
}

/* Sorts the times of the last forks. */
static inline double median_fork_us(struct tally *tally)
{
    const size_t room = SAMPLES, forks = (size_t)tally->forks, count = forks < room ? forks : room;

    qsort(tally->fork_us, count, sizeof tally->fork_us[0], by_length);
    return tally->fork_us[count / 2];
}

static inline void count_child(struct tally *tally, pid_t child)
{
    int status = reap(child);

    tally->of++;
    if (status == -1)
        tally->hung++;
    else if (WIFEXITED(status) && WEXITSTATUS(status) == CHILD_TORN)
        tally->torn++;
    else if (status != 0) {
        dprintf(2, "a child ended with wait status %#x\n", (unsigned)status);
        tally->wrong++;
    }
}

/*
 * Forks; the child runs body(argument) and leaves with its result.  No child
 * outlives its limit by much, even if its parent died.
 */
static inline void try_fork(struct tally *tally, int (*body)(void *), void *argument)
{
    int64_t begin = now_ns();
    pid_t child = fork();

    if (child == -1)
        die("fork");
    if (child == 0) {
        alarm(setting("VICTIM_KEEP", 0) ? 0 : (unsigned)limit_ms() / 1000 + 2);
        _exit(body(argument));
    }
    count_fork(tally, begin);
    count_child(tally, child);
}

/* Not the single times. */
static inline void add_tally(struct tally *total, const struct tally *tally)
{
    total->of += tally->of;
    total->hung += tally->hung;
    total->torn += tally->torn;
    total->wrong += tally->wrong;
    if (tally->longest_fork_ms > total->longest_fork_ms)
        total->longest_fork_ms = tally->longest_fork_ms;
}

static inline bool enough(const struct tally *tally)
{
    return tally->hung >= enough_hung(20) || (tally->torn && is_awaited("torn")) ||
           (tally->wrong && is_awaited("wrong"));
}

/* Prints the counts; the exit status of the victim. */
static inline int verdict(struct tally *tally)
{
    if (tally->forks)
        printf("first_fork_us=%.0f median_us=%.0f ", tally->first_fork_us, median_fork_us(tally));
    printf("hung=%d torn=%d wrong=%d of=%d longest_fork_ms=%.1f\n", tally->hung, tally->torn,
           tally->wrong, tally->of, tally->longest_fork_ms);
    fflush(stdout);
    return tally->hung + tally->torn + tally->wrong > 0;
}

#endif
