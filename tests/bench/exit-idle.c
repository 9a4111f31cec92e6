/* exit-idle THREADS: prints the time at which it leaves main, with THREADS idle ones: in
   conditions, semaphores and polls, joinable and detached. */
#include "bench.h"
#include <dirent.h>
#include <poll.h>
#include <semaphore.h>
#include <sched.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t never = PTHREAD_COND_INITIALIZER;
static sem_t empty;

static void *in_condition(void *unused)
{
    pthread_mutex_lock(&lock);
    for (;;)
        pthread_cond_wait(&never, &lock);
    return unused;
}

static void *in_semaphore(void *unused)
{
    sem_wait(&empty);
    return unused;
}

static void *in_poll(void *unused)
{
    poll(NULL, 0, -1);
    return unused;
}

static int asleep(const char *tid)
{
    char path[300], state = 0;
    snprintf(path, sizeof path, "/proc/self/task/%s/stat", tid);
    FILE *stat = fopen(path, "r");
    must(!stat, path);
    must(fscanf(stat, "%*d (%*[^)]) %c", &state) != 1, path);
    fclose(stat);
    return state == 'S';
}

static int count_asleep(void)
{
    int count = 0;
    DIR *tasks = opendir("/proc/self/task");
    must(!tasks, "/proc/self/task");
    for (struct dirent *task; (task = readdir(tasks));)
        count += task->d_name[0] != '.' && asleep(task->d_name);
    closedir(tasks);
    return count;
}

int main(int argc, char **argv)
{
    static void *(*const routines[])(void *) = {in_condition, in_semaphore, in_poll};
    usage(argc != 2, "exit-idle THREADS");
    int threads = atoi(argv[1]);
    for (int i = 0; i < threads; i++)
        start_thread(routines[i % 3], NULL, i / 3 % 2);
    while (count_asleep() < threads)
        sched_yield();
    printf("%.0f\n", now_ns());
    return 0;
}
