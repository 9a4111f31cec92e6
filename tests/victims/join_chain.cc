/* bare: ok; shimmed: ok */
/*
 * The destructor of a static object joins a thread that waits for another one
 * by a condition, and that one for a third by a lock which it holds for a
 * while.  All of them stood still before.
 *
 * Prints the time at which main returned (see repeat -t).  Status 4.
 */
#include "victim.h"

namespace
{

pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
pthread_mutex_t of_third = PTHREAD_MUTEX_INITIALIZER;
pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
bool stop, second_done, third_has; // guarded by mutex
pthread_barrier_t running;

void say(bool &what)
{
    MUST(pthread_mutex_lock(&mutex));
    what = true;
    MUST(pthread_cond_broadcast(&changed));
    MUST(pthread_mutex_unlock(&mutex));
}

void await(const bool &what)
{
    MUST(pthread_mutex_lock(&mutex));
    while (!what)
        MUST(pthread_cond_wait(&changed, &mutex));
    MUST(pthread_mutex_unlock(&mutex));
}

void *third(void *)
{
    MUST(pthread_mutex_lock(&of_third));
    say(third_has);
    pthread_barrier_wait(&running);
    await(stop);
    MUST(pthread_mutex_unlock(&of_third));
    return nullptr;
}

void *second(void *)
{
    await(third_has);
    pthread_barrier_wait(&running);
    MUST(pthread_mutex_lock(&of_third));
    say(second_done);
    MUST(pthread_mutex_unlock(&of_third));
    return nullptr;
}

void *first(void *)
{
    pthread_barrier_wait(&running);
    await(second_done);
    return nullptr;
}

struct Owner {
    pthread_t thread;
    ~Owner()
    {
        say(stop);
        MUST(pthread_join(thread, nullptr));
    }
};
Owner owner;

} // namespace

int main()
{
    MUST(pthread_barrier_init(&running, nullptr, 4));
    start_detached(third, nullptr);
    start_detached(second, nullptr);
    owner.thread = start(first, nullptr);
    pthread_barrier_wait(&running);
    await_asleep(3);
    mark_end();
    return 4;
}
