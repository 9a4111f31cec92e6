/* bare: wrong; shimmed with orphans=kill: ok */
/*
 * A process with busy children is killed by SIGKILL at a random moment.
 *
 *   orphans [ROUNDS=20] [exec]
 *
 * Each round: a parent whose short-lived threads fork children, which compute, fork
 * one more, or (exec) execute a program that sleeps.  It goes on for a while
 * after those threads have ended; no child may end by then.  Then it is
 * killed.  Wrong: a child ended too soon, or lives on VICTIM_LIMIT_MS later.
 */
#include "victim.h"

#include <sys/mman.h>
#include <sys/prctl.h>

enum { CHILDREN = 4, MS = 1000000 };

static struct shared {
    pid_t children[2 * CHILDREN]; /* atomic: and their own */
    int places, ready;            /* atomic: how many of them are taken, and filled */
} *shared;
static bool executes;

static void enroll(void)
{
    shared->children[__atomic_fetch_add(&shared->places, 1, __ATOMIC_SEQ_CST)] = getpid();
    __atomic_fetch_add(&shared->ready, 1, __ATOMIC_SEQ_CST);
}

static void child(void)
{
    pid_t grandchild = fork();

    if (grandchild < 0)
        _exit(99);
    enroll();
    if (executes)
        execlp("sleep", "sleep", "60", (char *)NULL);
    for (volatile unsigned long i = 0;; i++)
        ;
}

static void *fork_one(void *unused)
{
    pid_t pid = fork();

    if (pid < 0)
        die("fork");
    if (pid == 0)
        child();
    return unused;
}

/* A zombie has ended too. */
static bool lives(pid_t pid)
{
    char path[64], state = 0;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    if (!(file = fopen(path, "re")))
        return false;
    if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
        state = 0;
    fclose(file);
    return state != 0 && state != 'Z' && state != 'X';
}

static int living(void)
{
    int count = 0;

    for (int i = 0; i < 2 * CHILDREN; i++)
        count += lives(shared->children[i]);
    return count;
}

static void parent(void)
{
    pthread_t threads[CHILDREN];

    for (int i = 0; i < CHILDREN; i++)
        threads[i] = start(fork_one, NULL);
    for (int i = 0; i < CHILDREN; i++)
        MUST(pthread_join(threads[i], NULL));
    for (;;)
        pause();
}

/* 0, CHILD_WRONG: ended too soon, CHILD_TORN: lives on */
static int round_of(uint32_t *state)
{
    int result = 0;

    memset(shared, 0, sizeof *shared);
    pid_t pid = fork();

    if (pid < 0)
        die("fork");
    if (pid == 0)
        parent();
    while (__atomic_load_n(&shared->ready, __ATOMIC_SEQ_CST) < 2 * CHILDREN)
        sleep_us(1000);
    sleep_us(next_random(state) % 20000);
    if (living() != 2 * CHILDREN)
        result = CHILD_WRONG;
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    for (int64_t begin = now_ns(); living() && ms_since(begin) < limit_ms();)
        sleep_us(1000);
    if (living())
        result = CHILD_TORN;
    for (int i = 0; i < 2 * CHILDREN; i++)
        if (lives(shared->children[i]))
            kill(shared->children[i], SIGKILL);
    while (waitpid(-1, NULL, WNOHANG) > 0)
        ;
    return result;
}

int main(int argc, char **argv)
{
    int rounds = argument(argc, argv, 1, 20), early = 0, late = 0;
    uint32_t state = (uint32_t)now_ns() | 1;

    executes = argc > 2 && strcmp(argv[2], "exec") == 0;
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED || prctl(PR_SET_CHILD_SUBREAPER, 1))
        die("mmap");
    for (int i = 0; i < rounds; i++) {
        int result = round_of(&state);

        early += result == CHILD_WRONG;
        late += result == CHILD_TORN;
    }
    printf("early=%d late=%d wrong=%d of=%d\n", early, late, early + late, rounds);
    return early + late != 0;
}
