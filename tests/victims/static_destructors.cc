/* bare: crashes; shimmed: ok */
/*
 * Detached threads use a static std::map and std::string, properly under a
 * static std::mutex, while main returns 7: the destructors of the map and the
 * string ask nobody.  The archive was made first and so is destroyed last:
 * what the threads do meanwhile, they do to dead objects.
 *
 * Status 7 is right.
 */
#include "victim.h"

#include <map>
#include <mutex>
#include <string>

namespace
{

constexpr int threads = 4;
constexpr int entries = 200;

// The threads get the CPU too before the last object is gone, though it be the only one.
struct Archive {
    std::map<int, std::string> of;
    ~Archive()
    {
        for (int i = 0; i < 10; i++)
            sched_yield();
    }
};
Archive archive;
std::mutex mutex;
std::string text;                 // guarded by mutex
std::map<int, std::string> table; // guarded by mutex
pthread_barrier_t warm;

void use(uint32_t &seed)
{
    std::lock_guard<std::mutex> guard(mutex);
    int key = static_cast<int>(next_random(&seed) % entries);

    table[key] += "a string too long for the room inside the object itself";
    text = table[key];
    if (text.size() > 1000)
        table.erase(key);
}

void *work(void *number)
{
    uint32_t seed = 88172645u + static_cast<uint32_t>(reinterpret_cast<uintptr_t>(number));

    for (int i = 0; i < 100; i++)
        use(seed);
    pthread_barrier_wait(&warm);
    for (;;)
        use(seed);
}

} // namespace

int main()
{
    for (int i = 0; i < 20000; i++)
        archive.of[i] = "one of many strings that take their time to be destroyed";
    MUST(pthread_barrier_init(&warm, nullptr, threads + 1));
    for (int i = 0; i < threads; i++)
        start_detached(work, reinterpret_cast<void *>(static_cast<uintptr_t>(i)));
    pthread_barrier_wait(&warm);
    return 7;
}
