/* bare: hangs; shimmed: ok */
/*
 * A parallel region of OpenMP, then forks, with a region in each child, in a thread and a child of
 * it, and in the parent again. What belongs to the parent's workers (threadprivate) stays theirs.
 *
 *   openmp [FORKS=20]
 *
 * Status 0: all right.
 */
#include "victim.h"
#include <omp.h>

enum { WORKERS = 4 };

static int kept;
#pragma omp threadprivate(kept)

static int sum_of_region(int add)
{
    int sum = 0;

#pragma omp parallel num_threads(WORKERS) reduction(+ : sum)
    sum += kept += add;
    return sum;
}

static void *region(void *unused)
{
    (void)unused;
    return (void *)(intptr_t)sum_of_region(1);
}

static int is_right(int regions)
{
    for (int i = 0; i < 3; i++)
        if (sum_of_region(0) != WORKERS * regions)
            return 0;
    return 1;
}

static int grandchild(void *unused)
{
    (void)unused;
    return sum_of_region(0) >= 0 ? CHILD_OK : CHILD_WRONG;
}

/* Its workers are new, but the thread that forked keeps what it had. */
static int child(void *forker_kept)
{
    int before = *(int *)forker_kept;
    struct tally tally = {0};
    void *sum;
    pthread_t thread;

    if (sum_of_region(0) != before || sum_of_region(1) != before + WORKERS)
        return CHILD_WRONG;
    thread = start(region, NULL);
    MUST(pthread_join(thread, &sum));
    if ((intptr_t)sum != WORKERS)
        return CHILD_WRONG;
    try_fork(&tally, grandchild, NULL);
    return tally.hung + tally.wrong ? CHILD_WRONG : CHILD_OK;
}

int main(int argc, char **argv)
{
    int forks = argument(argc, argv, 1, 20);
    struct tally tally = {0};

    for (int i = 0; i < forks && !enough(&tally); i++) {
        sum_of_region(1);
        try_fork(&tally, child, &kept);
        tally.wrong += !is_right(i + 1);
    }
    return verdict(&tally);
}
