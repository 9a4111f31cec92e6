/* bare: crashes; shimmed: ok */
/*
 * Every way out of a program with threads alive (one waits, one ticks, six use
 * a static map under a lock) runs its handlers in the same order.
 *
 *   ways_out WAY     return exit worker handler signal locked lastthread error
 *                    err local quick
 *
 * signal: exit in a signal handler; locked: the same while its thread holds a
 * lock; local: in the destructor of a thread_local object.  Bare, the map is
 * destroyed under the threads' hands.
 * Output: the steps, in order.  Status: see the table.  The local of main is
 * destroyed only where main's thread leaves; on_exit tells the status.  With
 * lastthread the others end when main's thread is gone.
 */
#include "victim.h"

#include <err.h>
#include <error.h>
#include <map>
#include <string>

namespace
{

pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
bool stop; // guarded by mutex
const char *way;

// Made first, destroyed last, and it takes its time.
std::map<int, std::string> archive;
std::map<int, std::string> table; // guarded by table_mutex
pthread_mutex_t table_mutex = PTHREAD_MUTEX_INITIALIZER;
pthread_mutex_t own_mutex = PTHREAD_MUTEX_INITIALIZER;

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

void *use(void *)
{
    uint32_t seed = 88172645u;

    while (!stopping()) {
        MUST(pthread_mutex_lock(&table_mutex));
        std::string &text = table[static_cast<int>(next_random(&seed) % 200)];
        text += "a string too long for the room inside the object itself";
        if (text.size() > 1000)
            table.clear();
        MUST(pthread_mutex_unlock(&table_mutex));
    }
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

int by_locked_signal()
{
    MUST(pthread_mutex_lock(&own_mutex));
    return by_signal();
}

struct Leaver {
    ~Leaver() { exit(28); }
    void touch() {}
};

void *leave_by_local(void *)
{
    static thread_local Leaver leaver; // a namespace's would be made in every thread

    leaver.touch();
    return nullptr;
}

int by_local()
{
    start(leave_by_local, nullptr);
    for (;;)
        pause();
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

int by_err()
{
    errx(29, "good bye");
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
    {"error", by_error},   {"quick", by_quick_exit}, {"locked", by_locked_signal},
    {"err", by_err},       {"local", by_local},
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
    for (int i = 0; i < 20000; i++)
        archive[i] = "one of many strings that take their time to be destroyed";
    for (int i = 0; i < 6; i++)
        start_detached(use, nullptr);
    for (const auto &each : ways)
        if (strcmp(way, each.name) == 0)
            return each.leave();
    return 99;
}
