/* bare: ok; shimmed: ok */
/*
 * Cancellation and pthread_exit unwind C++ frames: destructors run, innermost
 * first, catch (...) sees it pass, and the result comes through the join.
 *
 *   cancel_unwind [ROUNDS=50]
 *
 * Status 0: nothing else was seen.
 */
#include "victim.h"

#include <mutex>
#include <semaphore.h>

namespace
{

pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
pthread_cond_t never = PTHREAD_COND_INITIALIZER;
std::mutex held;
sem_t empty;
int silent[2];
char trail[64]; // by the thread, read once it is joined

struct Note {
    const char *step;
    explicit Note(const char *text) : step(text) {}
    ~Note() { strcat(trail, step); }
};

struct Locked {
    Locked() { MUST(pthread_mutex_lock(&mutex)); }
    ~Locked() { MUST(pthread_mutex_unlock(&mutex)); }
};

void wait_in_condition()
{
    Locked locked;

    for (;;)
        pthread_cond_wait(&never, &mutex);
}

void wait_for_semaphore()
{
    sem_wait(&empty);
}

void wait_in_read()
{
    char byte;

    expect(read(silent[0], &byte, 1) != 0, "the pipe is open");
}

void wait_in_sleep()
{
    sleep(60);
}

void leave()
{
    pthread_exit(const_cast<char *>("left"));
}

const struct Case {
    void (*end)();
    const char *result; // nullptr: cancelled
} cases[] = {
    {wait_in_condition, nullptr},
    {wait_for_semaphore, nullptr},
    {wait_in_read, nullptr},
    {wait_in_sleep, nullptr},
    {leave, "left"},
};

void inner(const Case &which)
{
    Note note("inner ");

    try {
        std::lock_guard<std::mutex> guard(held);
        which.end();
    } catch (...) {
        strcat(trail, "caught ");
        throw;
    }
}

void *run(void *which)
{
    Note note("outer ");

    inner(*static_cast<const Case *>(which));
    return const_cast<char *>("it returned");
}

void check(const Case &which)
{
    trail[0] = '\0';
    pthread_t thread = start(run, const_cast<Case *>(&which));
    void *result;

    if (!which.result) {
        await_asleep(1);
        MUST(pthread_cancel(thread));
    }
    MUST(pthread_join(thread, &result));
    expect(which.result ? result == which.result : result == PTHREAD_CANCELED, "the result");
    expect(strcmp(trail, "caught inner outer ") == 0, "the order of destructors");
    expect(held.try_lock(), "the lock guard unlocked");
    held.unlock();
    expect(pthread_mutex_trylock(&mutex) == 0, "the condition's mutex is free");
    pthread_mutex_unlock(&mutex);
}

} // namespace

int main(int argc, char **argv)
{
    int rounds = argument(argc, argv, 1, 50);

    if (pipe(silent) != 0 || sem_init(&empty, 0, 0) != 0)
        die("pipe, sem_init");
    alarm(60);
    for (int i = 0; i < rounds; i++)
        for (const Case &which : cases)
            check(which);
    printf("wrong=%d of=%d\n", *findings(), rounds);
    return *findings() > 0;
}
