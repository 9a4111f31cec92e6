/* bare: hangs, or does a thing twice, or beside its end; shimmed: ok */
/*
 * One mistake of each family, in functions and variables with names that a
 * report can give.
 *
 *   hazards list
 *   hazards FAMILY
 *
 * Prints what went wrong: hung, torn, used ...  Status 0, whatever it was.  What
 * takes VICTIM_LIMIT_MS without going wrong is taken for right.
 */
#include "victim.h"

#include <link.h>
#include <semaphore.h>

#define NAMED __attribute__((noinline, visibility("default")))

extern "C" {

pthread_mutex_t the_mutex = PTHREAD_MUTEX_INITIALIZER;
pthread_rwlock_t the_rwlock = PTHREAD_RWLOCK_INITIALIZER;
pthread_cond_t the_condition = PTHREAD_COND_INITIALIZER;
pthread_spinlock_t the_spinlock;
sem_t the_semaphore;

static pthread_barrier_t ready;
static int silent[2];
static volatile int halves[2];

/* In it for good. */
static void stay(void)
{
    char byte;

    pthread_barrier_wait(&ready);
    for (;;)
        if (read(silent[0], &byte, 1) == 0)
            pause();
}

NAMED void *hold_mutex(void *unused)
{
    MUST(pthread_mutex_lock(&the_mutex));
    stay();
    return unused;
}

NAMED void *hold_read(void *unused)
{
    MUST(pthread_rwlock_rdlock(&the_rwlock));
    stay();
    return unused;
}

NAMED void *hold_write(void *unused)
{
    MUST(pthread_rwlock_wrlock(&the_rwlock));
    stay();
    return unused;
}

NAMED void *hold_semaphore(void *unused)
{
    sem_wait(&the_semaphore);
    stay();
    return unused;
}

NAMED void *hold_spinlock(void *unused)
{
    MUST(pthread_spin_lock(&the_spinlock));
    stay();
    return unused;
}

NAMED void *wait_in_condition(void *unused)
{
    MUST(pthread_mutex_lock(&the_mutex));
    pthread_barrier_wait(&ready);
    for (;;)
        pthread_cond_wait(&the_condition, &the_mutex);
    return unused;
}

static int stay_in_callback(struct dl_phdr_info *, size_t, void *)
{
    stay();
    return 1;
}

NAMED void *stay_in_libc(void *unused)
{
    dl_iterate_phdr(stay_in_callback, NULL);
    return unused;
}

NAMED void *write_halves(void *unused)
{
    MUST(pthread_mutex_lock(&the_mutex));
    halves[0] = 1;
    stay();
    halves[1] = 1;
    return unused;
}

static void take_mutex(void) { MUST(pthread_mutex_lock(&the_mutex)); }
static void take_write(void) { MUST(pthread_rwlock_wrlock(&the_rwlock)); }
NAMED void use_semaphore(void) { MUST(sem_wait(&the_semaphore)); }
static void take_spinlock(void) { MUST(pthread_spin_lock(&the_spinlock)); }

static void use_condition(void)
{
    MUST(pthread_cond_broadcast(&the_condition));
    MUST(pthread_cond_destroy(&the_condition));
}

static int count_objects(struct dl_phdr_info *, size_t, void *) { return 0; }
static void ask_libc(void) { dl_iterate_phdr(count_objects, NULL); }

static void compare_halves(void)
{
    alarm(1);
    if (halves[0] != halves[1])
        _exit(CHILD_TORN);
}

/* A thread that lets the exiting one end is no hazard: this one doesn't know of it. */
static volatile bool destroyed, used;

NAMED void *use_table(void *unused)
{
    pthread_barrier_wait(&ready);
    for (;;) {
        MUST(pthread_mutex_lock(&the_mutex));
        if (destroyed)
            used = true;
        MUST(pthread_mutex_unlock(&the_mutex));
    }
    return unused;
}

/* What other threads do is seen when they had a turn. */
static void destroy_table(void)
{
    destroyed = true;
    for (int64_t begin = now_ns(); !used && ms_since(begin) < limit_ms();)
        sched_yield();
    if (used)
        crumb("used");
}

NAMED void destroy_at_exit(void) { destroy_table(); }

struct Table {
    bool made = false;
    NAMED ~Table()
    {
        if (made)
            destroy_table();
    }
} the_table;

NAMED void *exit_too(void *unused)
{
    pthread_barrier_wait(&ready);
    exit(0);
    return unused;
}

static volatile bool was_last;

NAMED void last_handler(void)
{
    was_last = true;
    crumb("last");
}

NAMED void first_handler(void)
{
    pthread_barrier_wait(&ready);
    for (int64_t begin = now_ns(); ms_since(begin) < limit_ms();)
        sched_yield();
    crumb(was_last ? "torn" : "first");
}

NAMED void handler_of_parent(void) { crumb("handler"); }

} // extern "C"

static void report_child(pid_t child)
{
    int status = reap(child);

    if (status == -1)
        crumb("hung");
    else if (WIFEXITED(status) && WEXITSTATUS(status) == CHILD_TORN)
        crumb("torn");
    else if (status != 0)
        crumb(WIFEXITED(status) ? "ended" : "killed");
}

/* The child does what it shall, and leaves at once. */
static void fork_beside(void *(*thread)(void *), void (*child_does)(void))
{
    pthread_t other = start(thread, NULL);

    MUST(pthread_setname_np(other, "holder"));
    pthread_barrier_wait(&ready);
    await_asleep(1);
    pid_t child = fork();
    if (child == -1)
        die("fork");
    if (child == 0) {
        child_does();
        _exit(CHILD_OK);
    }
    report_child(child);
}

/* The child exits, as its parent will. */
static void fork_that_exits(void)
{
    pid_t child = fork();

    if (child == -1)
        die("fork");
    if (child == 0)
        exit(0);
    report_child(child);
}

static void exit_beside(bool detached)
{
    pthread_t other = start(use_table, NULL);

    MUST(pthread_setname_np(other, "user"));
    if (detached) {
        MUST(pthread_detach(other));
        atexit(destroy_at_exit);
    } else {
        the_table.made = true;
    }
    pthread_barrier_wait(&ready);
}

static void exit_twice()
{
    atexit(last_handler);
    atexit(first_handler);
    MUST(pthread_setname_np(start(exit_too, NULL), "second"));
}

static const struct family {
    const char *name;
    void *(*thread)(void *);
    void (*child_does)();
} families[] = {
    {"mutex", hold_mutex, take_mutex},
    {"rwlock-read", hold_read, take_write},
    {"rwlock-write", hold_write, take_write},
    {"semaphore", hold_semaphore, use_semaphore},
    {"spinlock", hold_spinlock, take_spinlock},
    {"condition", wait_in_condition, use_condition},
    {"libc", stay_in_libc, ask_libc},
    {"torn", write_halves, compare_halves},
    {"destructor", NULL, [] { exit_beside(false); }},
    {"detached", NULL, [] { exit_beside(true); }},
    {"exit", NULL, exit_twice},
    {"handler", NULL, [] { atexit(handler_of_parent); fork_that_exits(); }},
    {"output", NULL, [] { printf("text,"); fork_that_exits(); }},
};

int main(int argc, char **argv)
{
    LIST_NAMES(argc, argv, families);
    const struct family *family = FIND_BY_NAME(argc > 1 ? argv[1] : NULL, families);

    if (!family || pipe(silent) != 0)
        die("usage: hazards FAMILY");
    MUST(pthread_barrier_init(&ready, NULL, 2));
    MUST(pthread_spin_init(&the_spinlock, PTHREAD_PROCESS_PRIVATE));
    sem_init(&the_semaphore, 0, 1);
    if (family->thread)
        fork_beside(family->thread, family->child_does);
    else
        family->child_does();
    return 0;
}
