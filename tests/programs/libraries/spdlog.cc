/* bare: crashes; shimmed: ok */
/*
 * Threads log through spdlog's asynchronous logger, a static object, while main
 * returns 5: its thread pool and registry are destroyed under them.
 */
#include <pthread.h>
#include <spdlog/async.h>
#include <spdlog/sinks/null_sink.h>
#include <spdlog/spdlog.h>
#include <thread>

static pthread_barrier_t running;

static void work(int number)
{
    pthread_barrier_wait(&running);
    for (int i = 0;; i++)
        spdlog::get("log")->info("thread {} says {}", number, i);
}

int main()
{
    constexpr int threads = 4;

    pthread_barrier_init(&running, nullptr, threads + 1);
    spdlog::init_thread_pool(8192, 1);
    spdlog::create_async<spdlog::sinks::null_sink_mt>("log");
    for (int i = 0; i < threads; i++)
        std::thread(work, i).detach();
    pthread_barrier_wait(&running);
    return 5;
}
