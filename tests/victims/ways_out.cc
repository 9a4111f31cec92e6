/* bare: ok; shimmed: ok */
/*
 * Every way out of a program with three threads alive (one waits, one ticks,
 * one computes under a lock) runs its handlers in the same order.
 *
 *   ways_out WAY     return exit worker handler signal lastthread error quick
 *
 * Output: the steps, in order.  Status: see the table.  The local of main is
 * destroyed only where main's thread leaves; on_exit tells the status.  With
 * lastthread the others end when main's thread is gone.
 */
#include "victim.h"

#include <error.h>

namespace
{

pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
bool stop; // guarded by mutex
const char *way;

struct Crumb {
    const char *step;
    explicit Crumb(const char *name) : step(name) {}
    ~Crumb() { crumb(step); }
};

Crumb global("static");
thread_local Crumb local("");

void first()
{
    crumb("first");
}

void second(int status, void *argument)
{
    char text[40];

    snprintf(text, sizeof text, "%s:%d", static_cast<const char *>(argument), status);
    crumb(text);
}

void third()
{
    crumb("third");
    if (strcmp(way, "handler") == 0)
        exit(24);
}

void quick()
{
    crumb("quick");
}

bool stopping()
{
    MUST(pthread_mutex_lock(&mutex));
    bool result = stop;
    MUST(pthread_mutex_unlock(&mutex));
    return result;
}

void *wait(void *)
{
    MUST(pthread_mutex_lock(&mutex));
    while (!stop)
        MUST(pthread_cond_wait(&changed, &mutex));
    MUST(pthread_mutex_unlock(&mutex));
    return nullptr;
}

void *tick(void *)
{
    while (!stopping())
        sleep_us(1000);
    return nullptr;
}

void *compute(void *)
{
    while (!stopping())
        ;
    return nullptr;
}

void *leave(void *)
{
    exit(23);
}

void handle(int)
{
    exit(25);
}

int by_return()
{
    return 21;
}

int by_exit()
{
    exit(22);
}

int by_worker()
{
    start(leave, nullptr);
    for (;;)
        pause();
}

int by_signal()
{
    signal(SIGUSR1, handle);
    raise(SIGUSR1);
    return 99;
}

// The leader of a process stays as a zombie until its last thread ends.
bool main_is_gone()
{
    char path[64], state = 0;
    FILE *file;

    snprintf(path, sizeof path, "/proc/self/task/%d/stat", static_cast<int>(getpid()));
    if (!(file = fopen(path, "re")))
        die(path);
    if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
        state = 0;
    fclose(file);
    return state == 'Z';
}

void *stop_all(void *)
{
    while (!main_is_gone())
        sleep_us(1000);
    MUST(pthread_mutex_lock(&mutex));
    stop = true;
    MUST(pthread_cond_broadcast(&changed));
    MUST(pthread_mutex_unlock(&mutex));
    return nullptr;
}

int by_last_thread()
{
    start_detached(stop_all, nullptr);
    pthread_exit(nullptr);
}

int by_error()
{
    error(26, 0, "good bye");
    return 99;
}

int by_quick_exit()
{
    quick_exit(27);
}

const struct {
    const char *name;
    int (*leave)();
} ways[] = {
    {"return", by_return}, {"exit", by_exit},        {"worker", by_worker},
    {"handler", by_exit},  {"signal", by_signal},    {"lastthread", by_last_thread},
    {"error", by_error},   {"quick", by_quick_exit},
};

} // namespace

int main(int argc, char **argv)
{
    way = argc > 1 ? argv[1] : "return";
    local.step = "local"; // main's own: it is made by its first use
    atexit(first);
    on_exit(second, const_cast<char *>("second"));
    atexit(third);
    at_quick_exit(quick);
    start(wait, nullptr);
    start_detached(tick, nullptr);
    start_detached(compute, nullptr);
    for (const auto &each : ways)
        if (strcmp(way, each.name) == 0)
            return each.leave();
    return 99;
}
