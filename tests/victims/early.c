/* bare: hangs; shimmed: ok */
/* link: -ljemalloc */
/*
 * Locks, threads and forks before main: in the pre-initialisers, which run
 * before every constructor of every library, and in a constructor; and in main.
 * Each time a thread holds a lock at the fork and the child needs it.  The
 * allocator takes locks of its own as early as anybody.
 *
 * Status 0: the three children ended.
 */
#include "victim.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct tally tally;

struct meeting {
    pthread_barrier_t taken, forked;
};

static void *hold(void *of)
{
    struct meeting *meeting = of;

    MUST(pthread_mutex_lock(&mutex));
    pthread_barrier_wait(&meeting->taken);
    pthread_barrier_wait(&meeting->forked);
    MUST(pthread_mutex_unlock(&mutex));
    return malloc(100);
}

static void *take(void *unused)
{
    (void)unused;
    MUST(pthread_mutex_lock(&mutex));
    MUST(pthread_mutex_unlock(&mutex));
    return malloc(100);
}

static int child(void *unused)
{
    void *memory;

    free(take(unused));
    MUST(pthread_join(start(take, unused), &memory));
    free(memory);
    return CHILD_OK;
}

static void fork_while_held(void)
{
    struct meeting meeting;
    pthread_t holder;
    void *memory;

    MUST(pthread_barrier_init(&meeting.taken, NULL, 2));
    MUST(pthread_barrier_init(&meeting.forked, NULL, 2));
    holder = start(hold, &meeting);
    pthread_barrier_wait(&meeting.taken);
    try_fork(&tally, child, NULL);
    pthread_barrier_wait(&meeting.forked);
    MUST(pthread_join(holder, &memory));
    free(memory);
}

__attribute__((section(".preinit_array"), used)) static void (*before_all)(void) = fork_while_held;

__attribute__((constructor)) static void construct(void)
{
    fork_while_held();
}

int main(void)
{
    fork_while_held();
    return verdict(&tally);
}
