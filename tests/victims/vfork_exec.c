/* bare: ok; shimmed: ok */
/*
 * vfork, posix_spawn, system and popen while threads lock and unlock: the
 * parent's locks and what they guard stay right, and statuses and output come
 * through.
 *
 *   vfork_exec [ROUNDS=50]
 *
 * Status 0: nothing else was seen.  An alarm after 60 s ends what hangs.
 */
#include "victim.h"

#include <spawn.h>

enum { THREADS = 4, LOCKS = 4 };

extern char **environ;

static struct {
    pthread_mutex_t mutex;
    volatile unsigned long left, right; /* guarded by mutex: equal */
} places[LOCKS];
static pthread_mutex_t own = PTHREAD_MUTEX_INITIALIZER;
static bool stop;

static void *use(void *number)
{
    uint32_t seed = 1 + (uint32_t)(uintptr_t)number;

    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
        int i = (int)(next_random(&seed) % LOCKS);

        MUST(pthread_mutex_lock(&places[i].mutex));
        expect(places[i].left == places[i].right, "whole in the parent");
        places[i].left++;
        for (int turn = next_random(&seed) % 200; turn > 0; turn--)
            places[i].right = places[i].left - 1;
        places[i].right++;
        MUST(pthread_mutex_unlock(&places[i].mutex));
    }
    return NULL;
}

static bool ended_with(pid_t child, int wanted)
{
    int status;

    return waitpid(child, &status, 0) == child && WIFEXITED(status) &&
           WEXITSTATUS(status) == wanted;
}

static void by_vfork(int status)
{
    pid_t child = vfork();

    if (child == 0)
        _exit(status);
    expect(child > 0 && ended_with(child, status), "vfork, _exit");
}

static void by_vfork_exec(const char *command, int status)
{
    pid_t child = vfork();

    if (child == 0) {
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    expect(child > 0 && ended_with(child, status), "vfork, exec");
}

static void by_spawn(void)
{
    char *arguments[] = {"sh", "-c", "exit 12", NULL};
    pid_t child;
    int result = posix_spawn(&child, "/bin/sh", NULL, NULL, arguments, environ);

    expect(result == 0 && ended_with(child, 12), "posix_spawn");
}

static void by_system(void)
{
    int status = system("exit 13");

    expect(WIFEXITED(status) && WEXITSTATUS(status) == 13, "system");
}

static void by_popen(void)
{
    FILE *file = popen("echo one line; exit 14", "re");
    char line[40] = "";
    int status;

    if (!file)
        die("popen");
    expect(fgets(line, sizeof line, file) && strcmp(line, "one line\n") == 0, "popen's output");
    status = pclose(file);
    expect(WIFEXITED(status) && WEXITSTATUS(status) == 14, "popen's status");
}

/* A lock of the caller is neither lost nor copied. */
static void holding_a_lock(int i)
{
    MUST(pthread_mutex_lock(&own));
    by_vfork(i % 100);
    expect(pthread_mutex_trylock(&own) == EBUSY, "still held after vfork");
    by_spawn();
    expect(pthread_mutex_unlock(&own) == 0, "unlocked after vfork");
}

int main(int argc, char **argv)
{
    int rounds = argument(argc, argv, 1, 50);
    pthread_t threads[THREADS];

    alarm(60);
    for (int i = 0; i < LOCKS; i++)
        MUST(pthread_mutex_init(&places[i].mutex, NULL));
    for (int i = 0; i < THREADS; i++)
        threads[i] = start(use, (void *)(uintptr_t)i);
    for (int i = 0; i < rounds; i++) {
        by_vfork(i % 100);
        by_vfork_exec("exit 11", 11);
        by_spawn();
        by_system();
        by_popen();
        holding_a_lock(i);
    }
    __atomic_store_n(&stop, true, __ATOMIC_RELAXED);
    for (int i = 0; i < THREADS; i++)
        MUST(pthread_join(threads[i], NULL));
    printf("wrong=%d of=%d\n", *findings(), rounds);
    return *findings() > 0;
}
