/* bare: hangs; shimmed: ok */
/*
 * Forks of a process with so much mapped that the kernel needs long to copy its
 * page tables, while threads take a lock.  One half of what it guards is copied
 * early, the other late: a thread that went on meanwhile would tear it.
 *
 *   big_fork [GB=16] [FORKS=10]
 *
 * The same 64 MB are mapped again and again; page tables need 2 MB a GB, in the
 * child too.  fork_ms is what a fork took at least.  Status 0: no child hung,
 * none torn.
 */
#include "victim.h"

#include <sys/mman.h>

enum { THREADS = 3, CHUNK = 64 << 20 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static volatile unsigned long left; /* guarded by mutex, at a low address */
static volatile unsigned long *right; /* guarded by mutex, at a high one */
static bool stop;

static void *use(void *unused)
{
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
        MUST(pthread_mutex_lock(&mutex));
        left++;
        for (int i = 0; i < 1000; i++)
            *right = left - 1;
        (*right)++;
        MUST(pthread_mutex_unlock(&mutex));
    }
    return unused;
}

static int child(void *unused)
{
    (void)unused;
    if (pthread_mutex_lock(&mutex) != 0)
        return CHILD_WRONG;
    return left == *right ? CHILD_OK : CHILD_TORN;
}

/* A page written to makes the kernel copy the entries of all the others. */
static void map_much(int chunks)
{
    int file = memfd_create("victim", MFD_CLOEXEC);

    if (file == -1 || ftruncate(file, CHUNK) != 0)
        die("memfd_create");
    for (int i = 0; i < chunks; i++) {
        char *chunk = mmap(NULL, CHUNK, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);

        if (chunk == MAP_FAILED)
            die("mmap");
        for (size_t at = 0; at < CHUNK; at += 4096)
            (void)*(volatile char *)(chunk + at);
        chunk[0] = 1;
    }
}

int main(int argc, char **argv)
{
    int gb = argument(argc, argv, 1, 16), forks = argument(argc, argv, 2, 10);
    struct tally tally = {0};
    double shortest = 1e9;
    pthread_t ids[THREADS];

    right = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (right == MAP_FAILED)
        die("mmap");
    map_much(gb * 16);
    for (int i = 0; i < THREADS; i++)
        ids[i] = start(use, NULL);
    for (int i = 0; i < forks && !enough(&tally); i++) {
        try_fork(&tally, child, NULL);
        if (last_fork_ms(&tally) < shortest)
            shortest = last_fork_ms(&tally);
    }
    printf("fork_ms=%.1f ", shortest);
    __atomic_store_n(&stop, true, __ATOMIC_RELAXED);
    for (int i = 0; i < THREADS; i++)
        MUST(pthread_join(ids[i], NULL));
    return verdict(&tally);
}
