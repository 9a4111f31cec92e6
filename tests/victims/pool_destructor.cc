/* bare: ok; shimmed: ok */
/*
 * A static pool of 8 workers, whose destructor tells them to stop and joins
 * them, after main returned.  It must end as fast as it does bare.
 *
 * Prints the time at which main returned (see repeat -t).  Status 0.
 */
#include "victim.h"

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace
{

class Pool
{
  public:
    explicit Pool(int size)
    {
        for (int i = 0; i < size; i++)
            workers.emplace_back([this] { work(); });
    }

    ~Pool()
    {
        {
            std::lock_guard<std::mutex> guard(mutex);
            stopping = true;
        }
        changed.notify_all();
        for (std::thread &worker : workers)
            worker.join();
    }

    void run(std::function<void()> job)
    {
        {
            std::lock_guard<std::mutex> guard(mutex);
            jobs.push_back(std::move(job));
        }
        changed.notify_one();
    }

  private:
    void work()
    {
        std::unique_lock<std::mutex> lock(mutex);

        for (;;) {
            changed.wait(lock, [this] { return stopping || !jobs.empty(); });
            if (jobs.empty())
                return;
            std::function<void()> job = std::move(jobs.front());
            jobs.pop_front();
            lock.unlock();
            job();
            lock.lock();
        }
    }

    std::mutex mutex; // guards jobs and stopping
    std::condition_variable changed;
    std::deque<std::function<void()>> jobs;
    bool stopping = false;
    std::vector<std::thread> workers;
};

constexpr int size = 8;
Pool pool(size);

} // namespace

int main()
{
    static int done;

    for (int i = 0; i < 100; i++)
        pool.run([] { __atomic_add_fetch(&done, 1, __ATOMIC_RELAXED); });
    while (__atomic_load_n(&done, __ATOMIC_RELAXED) < 100)
        sleep_us(100);
    await_asleep(size);
    mark_end();
}
