/* bare: crashes; shimmed: ok */
/*
 * A random program that ends: threads of all kinds, alive when the end begins,
 * and handlers that need some of them.
 *
 *   exit_storm [SEED]      0, or none: from the clock
 *
 * Threads, joinable or detached: asleep, spinning, holding a lock while they sleep,
 * in a static map under a lock, waiting in a condition, making threads, exiting.
 * Handlers: join a thread that they tell to end, ask a worker, sleep, fork,
 * start a thread, take a lock.  Status: 10 of main, 11 of a thread that exits.
 */
#include "victim.h"

#include <map>
#include <string>

namespace
{

uint32_t seed;

// Made first, so destroyed last; it takes some time.
std::map<int, std::string> archive;
std::map<int, std::string> table; // guarded by mutex
pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
pthread_mutex_t kept = PTHREAD_MUTEX_INITIALIZER;
pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
bool stop, asked, answered; // guarded by mutex
pthread_t told;             // ends when it sees stop
pid_t process;

unsigned pick(unsigned below)
{
    return next_random(&seed) % below;
}

void *sleeps(void *)
{
    sleep_us(200000);
    for (;;)
        pause();
}

void *spins(void *)
{
    for (volatile unsigned long i = 0;; i++)
        ;
}

void *keeps(void *)
{
    for (;;) {
        MUST(pthread_mutex_lock(&kept));
        sleep_us(300);
        MUST(pthread_mutex_unlock(&kept));
    }
}

void *uses(void *)
{
    uint32_t state = 2463534242u;

    for (;;) {
        MUST(pthread_mutex_lock(&mutex));
        std::string &text = table[static_cast<int>(next_random(&state) % 100)];
        text += "a string too long for the room inside the object itself";
        if (text.size() > 1000)
            table.clear();
        MUST(pthread_mutex_unlock(&mutex));
    }
}

void *answers(void *)
{
    MUST(pthread_mutex_lock(&mutex));
    for (;;) {
        while (!asked)
            MUST(pthread_cond_wait(&changed, &mutex));
        asked = false;
        answered = true;
        MUST(pthread_cond_broadcast(&changed));
    }
}

void *listens(void *)
{
    MUST(pthread_mutex_lock(&mutex));
    while (!stop)
        MUST(pthread_cond_wait(&changed, &mutex));
    MUST(pthread_mutex_unlock(&mutex));
    return nullptr;
}

void *ends(void *)
{
    return nullptr;
}

void *makes(void *)
{
    for (;;) {
        pthread_t thread;

        if (pthread_create(&thread, nullptr, ends, nullptr) == 0)
            pthread_join(thread, nullptr);
    }
}

void *leaves(void *)
{
    sleep_us(500);
    exit(11);
}

void *(*const routines[])(void *) = {sleeps, spins, keeps, uses, uses, makes, leaves};

void tell()
{
    if (getpid() != process)
        return;
    MUST(pthread_mutex_lock(&mutex));
    stop = true;
    MUST(pthread_cond_broadcast(&changed));
    MUST(pthread_mutex_unlock(&mutex));
    MUST(pthread_join(told, nullptr));
}

void ask()
{
    if (getpid() != process)
        return;
    MUST(pthread_mutex_lock(&mutex));
    asked = true;
    MUST(pthread_cond_broadcast(&changed));
    while (!answered)
        MUST(pthread_cond_wait(&changed, &mutex));
    answered = false;
    MUST(pthread_mutex_unlock(&mutex));
}

void nap()
{
    sleep_us(1000);
}

void make_child()
{
    int status;
    pid_t child = getpid() == process ? fork() : -1;

    if (child == 0)
        _exit(12);
    if (child > 0 && (waitpid(child, &status, 0) != child || WEXITSTATUS(status) != 12))
        die("child");
}

void make_thread()
{
    if (getpid() == process)
        MUST(pthread_join(start(ends, nullptr), nullptr));
}

void take()
{
    MUST(pthread_mutex_lock(&kept));
    MUST(pthread_mutex_unlock(&kept));
}

void (*const handlers[])() = {ask, nap, make_child, make_thread, take, nap};

} // namespace

int main(int argc, char **argv)
{
    process = getpid();
    seed = static_cast<uint32_t>(argument(argc, argv, 1, 0));
    if (!seed)
        seed = static_cast<uint32_t>(now_ns() / 1000) * 2654435761u | 1;
    fprintf(stderr, "seed %u\n", seed);
    for (int i = 0; i < 5000; i++)
        archive[i] = "one of many strings that take their time to be destroyed";
    told = start(listens, nullptr);
    start_detached(answers, nullptr);
    atexit(tell);
    for (unsigned i = pick(4); i > 0; i--)
        atexit(handlers[pick(6)]);
    for (unsigned i = 1 + pick(6); i > 0; i--) {
        auto routine = routines[pick(7)];

        if (pick(3))
            start_detached(routine, nullptr);
        else
            start(routine, nullptr);
    }
    sleep_us(pick(1000));
    if (pick(2))
        exit(10);
    return 10;
}
