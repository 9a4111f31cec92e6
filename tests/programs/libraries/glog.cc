/* bare: ok, mostly; shimmed: ok */
/* Threads log with glog while main shuts it down and returns 5. */
#include <glog/logging.h>
#include <pthread.h>
#include <thread>

static pthread_barrier_t running;

static void work(int number)
{
    pthread_barrier_wait(&running);
    for (int i = 0;; i++)
        LOG(INFO) << "thread " << number << " says " << i;
}

int main(int, char **argv)
{
    constexpr int threads = 4;

    pthread_barrier_init(&running, nullptr, threads + 1);
    FLAGS_log_dir = argv[1];
    google::InitGoogleLogging(argv[0]);
    for (int i = 0; i < threads; i++)
        std::thread(work, i).detach();
    pthread_barrier_wait(&running);
    return 5;
}
