/* bare: hangs or torn; shimmed: ok */
/*
 * What other threads are inside of at the fork, or have waited in, is as new
 * in the child.
 *
 *   inside KIND [FORKS=20]      a name from the table below
 *   inside list                 prints the names
 *
 * barrier-*: threads wait in one, or cross one all the time; once, call_once:
 * a routine runs; flockfile-*: a stream is locked by another thread, for ever or
 * for short, or by the forking one; cnd, clock: threads wait in a condition.
 * Status 0: no child hung, nothing torn.
 */
#include "victim.h"

#include <threads.h>

enum { WAITERS = 2, ONCES = 1000 };

static pthread_barrier_t barrier; /* of WAITERS + 1 */
static pthread_once_t once[ONCES] = {[0 ... ONCES - 1] = PTHREAD_ONCE_INIT};
static once_flag flag[ONCES] = {[0 ... ONCES - 1] = ONCE_FLAG_INIT};
static int fork_number; /* the once of this fork */
static bool in_child, in_routine;
static int done[ONCES];
static FILE *stream;
static volatile unsigned long left, right; /* guarded by stream: equal */
static mtx_t c11_mutex;
static cnd_t c11_condition;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition; /* of CLOCK_MONOTONIC */
static bool ready;               /* guarded by c11_mutex */

#define CHECK(call)                                                                                \
    do {                                                                                           \
        if ((call) != 0)                                                                           \
            return CHILD_WRONG;                                                                    \
    } while (0)

static void nothing(void) {}

/* --- barriers */

static void *cross(void *unused)
{
    (void)unused;
    return (void *)(intptr_t)(pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD);
}

static void *cross_often(void *unused)
{
    for (;;)
        cross(unused);
    return NULL;
}

static void make_barrier(void)
{
    MUST(pthread_barrier_init(&barrier, NULL, WAITERS + 1));
    for (int i = 0; i < WAITERS; i++)
        start_detached(cross, NULL);
    await_asleep(WAITERS);
}

static void make_busy_barrier(void)
{
    MUST(pthread_barrier_init(&barrier, NULL, WAITERS + 1));
    for (int i = 0; i < WAITERS + 1; i++)
        start_detached(cross_often, NULL);
}

/* The right number passes, twice, and one of them is told so. */
static int barrier_in_child(void *unused)
{
    for (int round = 0; round < 2; round++) {
        pthread_t threads[WAITERS];
        intptr_t serial = 0;

        for (int i = 0; i < WAITERS; i++)
            threads[i] = start(cross, unused);
        serial = (intptr_t)cross(unused);
        for (int i = 0; i < WAITERS; i++) {
            void *result;

            CHECK(pthread_join(threads[i], &result));
            serial += (intptr_t)result;
        }
        CHECK(serial != 1);
    }
    return pthread_barrier_destroy(&barrier) == 0 ? CHILD_OK : CHILD_WRONG;
}

static int barrier_destroyed_in_child(void *unused)
{
    (void)unused;
    CHECK(pthread_barrier_destroy(&barrier));
    CHECK(pthread_barrier_init(&barrier, NULL, 1));
    return cross(NULL) ? CHILD_OK : CHILD_WRONG;
}

/* --- once */

static void routine(void)
{
    if (!in_child) {
        __atomic_store_n(&in_routine, true, __ATOMIC_RELEASE);
        for (;;)
            pause();
    }
    done[fork_number]++;
}

static void *run_once(void *c11)
{
    if (c11)
        call_once(&flag[fork_number], routine);
    else
        pthread_once(&once[fork_number], routine);
    return NULL;
}

static void before_once(void *c11)
{
    in_routine = false;
    start_detached(run_once, c11);
    while (!__atomic_load_n(&in_routine, __ATOMIC_ACQUIRE))
        sleep_us(100);
}

static void before_pthread_once(void) { before_once(NULL); }

static void before_call_once(void) { before_once("c11"); }

static int once_twice(void *c11)
{
    in_child = true;
    run_once(c11);
    run_once(c11);
    MUST(pthread_join(start(run_once, c11), NULL));
    return done[fork_number] == 1 ? CHILD_OK : CHILD_WRONG;
}

static int pthread_once_in_child(void *unused) { return once_twice(unused); }

static int call_once_in_child(void *unused)
{
    (void)unused;
    return once_twice("c11");
}

/* --- streams */

static void *lock_stream(void *ever)
{
    for (;;) {
        flockfile(stream);
        left++;
        while (ever)
            pause();
        for (int i = 0; i < 2000; i++)
            right = left - 1;
        right++;
        fputs("text", stream);
        funlockfile(stream);
    }
    return NULL;
}

static void make_stream(void)
{
    stream = fopen("/dev/null", "w");
    if (!stream)
        die("/dev/null");
}

static void make_held_stream(void)
{
    make_stream();
    start_detached(lock_stream, "ever");
    await_asleep(1);
}

static void make_busy_stream(void)
{
    make_stream();
    for (int i = 0; i < WAITERS; i++)
        start_detached(lock_stream, NULL);
}

static void *sleep_on(void *unused)
{
    for (;;)
        pause();
    return unused;
}

/* libc's fork looks after streams only if there are other threads. */
static void make_own_stream(void)
{
    make_stream();
    start_detached(sleep_on, NULL);
    flockfile(stream);
    flockfile(stream);
}

static void *write_stream(void *unused)
{
    flockfile(stream);
    fputs("text", stream);
    funlockfile(stream);
    return unused;
}

static void *find_stream_taken(void *unused)
{
    (void)unused;
    return (void *)(intptr_t)(ftrylockfile(stream) != 0);
}

static int stream_in_child(void *unused)
{
    int result;

    flockfile(stream);
    result = left == right ? CHILD_OK : CHILD_TORN;
    funlockfile(stream);
    MUST(pthread_join(start(write_stream, unused), NULL));
    CHECK(fflush(stream));
    CHECK(fclose(stream));
    return result;
}

static int held_stream_in_child(void *unused)
{
    right = left;
    return stream_in_child(unused);
}

/* Taken twice before the fork: still taken after one unlock, free after two. */
static int own_stream_in_child(void *unused)
{
    void *taken;

    fputs("text", stream);
    funlockfile(stream);
    MUST(pthread_join(start(find_stream_taken, unused), &taken));
    CHECK(!taken);
    funlockfile(stream);
    return stream_in_child(unused);
}

/* --- conditions */

static int wait_c11(void *unused)
{
    (void)unused;
    mtx_lock(&c11_mutex);
    while (!ready)
        cnd_wait(&c11_condition, &c11_mutex);
    mtx_unlock(&c11_mutex);
    return 0;
}

static void make_cnd(void)
{
    thrd_t thread;

    mtx_init(&c11_mutex, mtx_plain);
    cnd_init(&c11_condition);
    for (int i = 0; i < WAITERS; i++)
        thrd_create(&thread, wait_c11, NULL);
    await_asleep(WAITERS);
}

static int cnd_in_child(void *unused)
{
    thrd_t threads[WAITERS];

    CHECK(cnd_signal(&c11_condition));
    CHECK(cnd_broadcast(&c11_condition));
    for (int i = 0; i < WAITERS; i++)
        CHECK(thrd_create(&threads[i], wait_c11, unused));
    await_asleep(WAITERS);
    CHECK(mtx_lock(&c11_mutex));
    ready = true;
    CHECK(mtx_unlock(&c11_mutex));
    for (int i = 0; i < WAITERS; i++)
        CHECK(cnd_signal(&c11_condition));
    for (int i = 0; i < WAITERS; i++)
        CHECK(thrd_join(threads[i], NULL));
    cnd_destroy(&c11_condition);
    mtx_destroy(&c11_mutex);
    return CHILD_OK;
}

static void *wait_monotonic(void *unused)
{
    MUST(pthread_mutex_lock(&mutex));
    for (;;)
        pthread_cond_wait(&condition, &mutex);
    return unused;
}

static void make_clock(void)
{
    pthread_condattr_t attributes;

    MUST(pthread_condattr_init(&attributes));
    MUST(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC));
    MUST(pthread_cond_init(&condition, &attributes));
    for (int i = 0; i < WAITERS; i++)
        start_detached(wait_monotonic, NULL);
    await_asleep(WAITERS);
}

/* By the clock of the calendar that time would be long past. */
static int clock_in_child(void *unused)
{
    struct timespec until = in_ms(CLOCK_MONOTONIC, 20);
    int64_t begin = now_ns();

    (void)unused;
    CHECK(pthread_cond_signal(&condition));
    CHECK(pthread_mutex_lock(&mutex));
    CHECK(pthread_cond_timedwait(&condition, &mutex, &until) != ETIMEDOUT);
    CHECK(ms_since(begin) < 19);
    CHECK(pthread_mutex_unlock(&mutex));
    CHECK(pthread_cond_destroy(&condition));
    return CHILD_OK;
}

static const struct kind {
    const char *name;
    void (*prepare)(void), (*before_fork)(void);
    int (*in_child)(void *);
} kinds[] = {
    {"barrier-waiters", make_barrier, nothing, barrier_in_child},
    {"barrier-destroy", make_barrier, nothing, barrier_destroyed_in_child},
    {"barrier-crossed", make_busy_barrier, nothing, barrier_in_child},
    {"once", nothing, before_pthread_once, pthread_once_in_child},
    {"call_once", nothing, before_call_once, call_once_in_child},
    {"flockfile-ever", make_held_stream, nothing, held_stream_in_child},
    {"flockfile-soon", make_busy_stream, nothing, stream_in_child},
    {"flockfile-own", make_own_stream, nothing, own_stream_in_child},
    {"cnd", make_cnd, nothing, cnd_in_child},
    {"clock", make_clock, nothing, clock_in_child},
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

int main(int argc, char **argv)
{
    int forks = argument(argc, argv, 2, 20);
    struct tally tally = {0};

    LIST_NAMES(argc, argv, kinds);
    for (int i = 0; i < KINDS; i++) {
        if (argc < 2 || strcmp(argv[1], kinds[i].name) != 0)
            continue;
        kinds[i].prepare();
        for (; fork_number < forks && fork_number < ONCES && !enough(&tally); fork_number++) {
            kinds[i].before_fork();
            try_fork(&tally, kinds[i].in_child, NULL);
        }
        _exit(verdict(&tally)); /* the stream stays locked */
    }
    return 99;
}
