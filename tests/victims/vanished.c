/* bare: wrong; shimmed: ok */
/*
 * Threads of the parent, as its child sees them: they can be joined (0, and
 * PTHREAD_CANCELED), they can't be cancelled or signalled (ESRCH), and those
 * that had ended keep their result.  A thread made in the child may have the
 * pthread_t of one of them (not in every version of libc), and is a thread like
 * any other.
 *
 *   vanished [FORKS=20]
 *
 * Each child forks once more, with a thread of its own alive.  Status 0: all
 * right.
 */
#include "victim.h"

enum { JOIN, TRYJOIN, TIMEDJOIN, CANCEL, KILL, DETACH, AGAIN, ENDED, GHOSTS };
enum { OWN = 200 };

static pthread_t ghosts[GHOSTS];

static void *sleep_on(void *unused)
{
    for (;;)
        pause();
    return unused;
}

static int threads(void)
{
    DIR *dir = opendir("/proc/self/task");
    int seen = -2; /* "." and ".." */

    if (!dir)
        die("/proc/self/task");
    while (readdir(dir))
        seen++;
    closedir(dir);
    return seen;
}

static void *give_back(void *result) { return result; }

static void *cancelled(void *unused)
{
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
    return sleep_on(unused);
}

/* Like expect, but for children: their status tells. */
#define CHECK(what)                                                                                \
    do {                                                                                           \
        if (!(what)) {                                                                             \
            fprintf(stderr, "not so: %s\n", #what);                                                \
            return CHILD_WRONG;                                                                    \
        }                                                                                          \
    } while (0)

static int look_at_ghosts(void)
{
    struct timespec until = in_ms(CLOCK_REALTIME, 1000);
    void *result = NULL;

    CHECK(pthread_cancel(ghosts[CANCEL]) == ESRCH);
    CHECK(pthread_kill(ghosts[KILL], 0) == ESRCH);
    CHECK(pthread_kill(ghosts[KILL], SIGTERM) == ESRCH);
    CHECK(pthread_join(ghosts[JOIN], &result) == 0 && result == PTHREAD_CANCELED);
    result = NULL;
    CHECK(pthread_tryjoin_np(ghosts[TRYJOIN], &result) == 0 && result == PTHREAD_CANCELED);
    result = NULL;
    CHECK(pthread_timedjoin_np(ghosts[TIMEDJOIN], &result, &until) == 0 &&
          result == PTHREAD_CANCELED);
    CHECK(pthread_detach(ghosts[DETACH]) == 0);
    CHECK(pthread_join(ghosts[ENDED], &result) == 0 && result == &ghosts[ENDED]);
    CHECK(pthread_join(ghosts[CANCEL], NULL) == 0);
    return CHILD_OK;
}

/* More threads than ghosts, so that some get the pthread_t of one. */
static int use_own_threads(int *reused)
{
    pthread_t own[GHOSTS + 2];
    void *result;

    for (int i = 0; i < GHOSTS + 2; i++) {
        own[i] = start(i % 2 ? give_back : cancelled, (void *)(intptr_t)(OWN + i));
        for (int ghost = 0; ghost < GHOSTS; ghost++)
            *reused += pthread_equal(own[i], ghosts[ghost]) != 0;
    }
    for (int i = 0; i < GHOSTS + 2; i++) {
        if (i % 2 == 0) {
            CHECK(pthread_kill(own[i], 0) == 0);
            CHECK(pthread_cancel(own[i]) == 0);
        }
        CHECK(pthread_join(own[i], &result) == 0);
        CHECK(result == (i % 2 ? (void *)(intptr_t)(OWN + i) : PTHREAD_CANCELED));
    }
    return CHILD_OK;
}

/* What the child left alone, and the child's own thread. */
static int grandchild(void *child_thread)
{
    void *result = NULL;
    int reused = 0;

    CHECK(pthread_kill(*(pthread_t *)child_thread, 0) == ESRCH);
    CHECK(pthread_join(*(pthread_t *)child_thread, &result) == 0 && result == PTHREAD_CANCELED);
    CHECK(pthread_join(ghosts[AGAIN], &result) == 0 && result == PTHREAD_CANCELED);
    return use_own_threads(&reused);
}

static int child(void *unused)
{
    struct tally tally = {0};
    pthread_t thread;
    int reused = 0;
    int result = look_at_ghosts();

    (void)unused;
    if (result != CHILD_OK)
        return result;
    thread = start(sleep_on, NULL);
    try_fork(&tally, grandchild, &thread);
    CHECK(tally.hung + tally.wrong == 0);
    result = use_own_threads(&reused);
    if (reused == 0)
        fputs("no pthread_t was used again\n", stderr);
    return result;
}

int main(int argc, char **argv)
{
    int forks = argument(argc, argv, 1, 20);
    int before = threads(); /* an emulator has one of its own */
    struct tally tally = {0};

    for (int i = 0; i < GHOSTS; i++)
        ghosts[i] = i == ENDED ? start(give_back, &ghosts[ENDED]) : start(sleep_on, NULL);
    await_asleep(GHOSTS - 1);
    while (threads() != before + GHOSTS - 1) /* it takes a moment to go after its last instruction */
        sleep_us(1000);
    for (int i = 0; i < forks && !enough(&tally); i++)
        try_fork(&tally, child, NULL);
    for (int i = 0; i < ENDED; i++) { /* in the parent they are what they were */
        void *result;

        MUST(pthread_cancel(ghosts[i]));
        MUST(pthread_join(ghosts[i], &result));
        tally.wrong += result != PTHREAD_CANCELED;
    }
    return verdict(&tally);
}
