/* bare: hangs; shimmed: ok */
/*
 * A thread holds a mutex across a wait that is short and isn't for a lock: a
 * round trip to another process that takes 1 ms to answer, or a disk.  What the
 * mutex guards is whole in the child.
 *
 *   pipe_section pipe|fsync|fdatasync [FORKS=200]
 *   pipe_section list           prints the names
 *
 * Status 0: no child hung, none torn.
 */
#include "victim.h"

#include <sys/prctl.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static volatile unsigned long left, right; /* guarded by mutex: equal */
static pthread_barrier_t running;
static int question[2], answer[2];
static int file;
static bool stop;

static void transfer(bool done)
{
    if (!done)
        die("transfer");
}

/* Another process: ends with its parent. On a busy machine, too, its answer takes 1 ms (as root). */
static void answer_all(void)
{
    const struct sched_param first = {.sched_priority = 1};
    char byte;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sched_setscheduler(0, SCHED_FIFO, &first);
    close(question[1]);
    while (read(question[0], &byte, 1) == 1) {
        sleep_us(1000);
        transfer(write(answer[1], &byte, 1) == 1);
    }
    _exit(0);
}

static void ask(void)
{
    char byte = 1;

    transfer(write(question[1], &byte, 1) == 1);
    transfer(read(answer[0], &byte, 1) == 1);
}

static void sync_all(void)
{
    transfer(pwrite(file, (void *)&left, sizeof left, 0) == sizeof left);
    transfer(fsync(file) == 0);
}

static void sync_data(void)
{
    transfer(pwrite(file, (void *)&left, sizeof left, 0) == sizeof left);
    transfer(fdatasync(file) == 0);
}

static const struct kind {
    const char *name;
    void (*wait)(void);
} kinds[] = {{"pipe", ask}, {"fsync", sync_all}, {"fdatasync", sync_data}};

static const struct kind *kind;

static void *use(void *unused)
{
    pthread_barrier_wait(&running);
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
        MUST(pthread_mutex_lock(&mutex));
        left++;
        kind->wait();
        right++;
        MUST(pthread_mutex_unlock(&mutex));
        sleep_us(100);
    }
    return unused;
}

static int child(void *unused)
{
    (void)unused;
    if (pthread_mutex_lock(&mutex) != 0)
        return CHILD_WRONG;
    return left == right ? CHILD_OK : CHILD_TORN;
}

static void prepare(void)
{
    char name[] = "./victim-XXXXXX";

    if (pipe(question) != 0 || pipe(answer) != 0)
        die("pipe");
    if (kind->wait == ask && fork() == 0)
        answer_all();
    file = mkstemp(name);
    if (file == -1 || unlink(name) != 0)
        die("mkstemp");
    MUST(pthread_barrier_init(&running, NULL, 2));
}

int main(int argc, char **argv)
{
    int forks = argument(argc, argv, 2, 200);
    struct tally tally = {0};
    pthread_t user;

    LIST_NAMES(argc, argv, kinds);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (argc > 1 && strcmp(argv[1], kinds[i].name) == 0)
            kind = &kinds[i];
    if (!kind)
        return 99;
    prepare();
    user = start(use, NULL);
    pthread_barrier_wait(&running);
    for (int i = 0; i < forks && !enough(&tally); i++)
        try_fork(&tally, child, NULL);
    __atomic_store_n(&stop, true, __ATOMIC_RELAXED);
    MUST(pthread_join(user, NULL));
    return verdict(&tally);
}
