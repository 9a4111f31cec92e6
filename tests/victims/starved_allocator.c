/* bare: hangs; shimmed: ok */
/*
 * A thread in the middle of something sleeps for the lock of malloc, and who has that gets no CPU for a while:
 * what it was in the middle of must be whole in the child all the same.
 *
 *   starved_allocator KIND [FORKS=20]     libc: in setenv, with the lock of the environment
 *                                         mutex: between two halves of a change
 *   starved_allocator list                prints the kinds
 *
 * Status 0: no hang, nothing torn.
 */
#include "victim.h"

#include <fcntl.h>
#include <malloc.h>

enum { BURST_MS = 30, PAUSE_US = 20, UNCACHED = 1100 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static volatile unsigned long left, right; /* guarded by mutex: equal */
static bool done;
static pid_t worker_id;

static bool is_done(void) { return __atomic_load_n(&done, __ATOMIC_ACQUIRE); }

static void spin_us(double us)
{
    for (int64_t begin = now_ns(); ms_since(begin) * 1e3 < us;)
        ;
}

static void allocate_one(void)
{
    void *volatile block = malloc(UNCACHED);

    free(block);
}

/* Gets the CPU between two bursts, and loses it in the middle of malloc. */
static void *allocate(void *unused)
{
    use_first_cpu();
    run_when_idle();
    while (!is_done())
        allocate_one();
    return unused;
}

static void *burst(void *unused)
{
    use_first_cpu();
    while (!is_done()) {
        spin_us(BURST_MS * 1e3);
        sleep_us(1000);
    }
    return unused;
}

static void set_environment(void)
{
    static char value[UNCACHED];
    static unsigned number;

    memset(value, 'x', sizeof value);
    snprintf(value + sizeof value - 20, 20, "%u", number++); /* a known value isn't copied anew */
    MUST(setenv("SET", value, 1));
}

static int set_in_child(void *unused)
{
    (void)unused;
    return setenv("SET", "by the child", 1) == 0 ? CHILD_OK : CHILD_WRONG;
}

static void change(void)
{
    MUST(pthread_mutex_lock(&mutex));
    left++;
    allocate_one();
    right++;
    MUST(pthread_mutex_unlock(&mutex));
}

static int compare(void *unused)
{
    (void)unused;
    MUST(pthread_mutex_lock(&mutex));
    return left == right ? CHILD_OK : CHILD_TORN;
}

static const struct {
    const char *name;
    void (*work)(void);
    int (*child)(void *);
} kinds[] = {{"libc", set_environment, set_in_child}, {"mutex", change, compare}}, *kind;

static void *work(void *unused)
{
    __atomic_store_n(&worker_id, gettid(), __ATOMIC_RELEASE);
    while (!is_done()) {
        kind->work();
        spin_us(PAUSE_US);
    }
    return unused;
}

static void await_worker_asleep(int stat)
{
    while (state_in(stat) != 'S')
        ;
}

static int open_stat_of_worker(void)
{
    char path[64];
    int stat;

    while (__atomic_load_n(&worker_id, __ATOMIC_ACQUIRE) == 0)
        ;
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", worker_id);
    stat = open(path, O_RDONLY | O_CLOEXEC);
    if (stat < 0)
        die(path);
    return stat;
}

int main(int argc, char **argv)
{
    struct tally tally = {0};
    int forks = argument(argc, argv, 2, 20), stat;
    pthread_t allocator, hog, worker;

    LIST_NAMES(argc, argv, kinds);
    kind = FIND_BY_NAME(argc > 1 ? argv[1] : "", kinds);
    if (!kind)
        die("usage: starved_allocator KIND [FORKS]");
    if (mallopt(M_ARENA_MAX, 1) == 0)
        die("mallopt");
    allocator = start(allocate, NULL);
    hog = start(burst, NULL);
    worker = start(work, NULL);
    stat = open_stat_of_worker();
    for (int i = 0; i < forks && !enough(&tally); i++) {
        await_worker_asleep(stat);
        try_fork(&tally, kind->child, NULL);
    }
    __atomic_store_n(&done, true, __ATOMIC_RELEASE);
    MUST(pthread_join(allocator, NULL));
    MUST(pthread_join(hog, NULL));
    MUST(pthread_join(worker, NULL));
    return verdict(&tally);
}
