/* bare: ok; shimmed: ok */
/*
 * Libraries are closed one by one while threads are cancelled. The unwinder was loaded after them: who looks for it in
 * the list of loaded objects passes those that are just being unmapped.
 *
 *   unload_cancel [LIBRARIES=100]
 *
 * Status 0: no crash, and every cancelled thread ran its handler.
 */
#include "victim.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

enum { MOST = 500 };

static int cancelled, unwound, done;

static void count(void *unused)
{
    (void)unused;
    __atomic_fetch_add(&unwound, 1, __ATOMIC_RELAXED);
}

static void *wait_for_nobody(void *unused)
{
    pthread_cleanup_push(count, NULL);
    for (;;)
        sleep_us(1000000);
    pthread_cleanup_pop(0);
    return unused;
}

static void cancel_one(void)
{
    pthread_t thread = start(wait_for_nobody, NULL);

    MUST(pthread_cancel(thread));
    MUST(pthread_join(thread, NULL));
    __atomic_fetch_add(&cancelled, 1, __ATOMIC_RELAXED);
}

static void *cancel(void *unused)
{
    while (!__atomic_load_n(&done, __ATOMIC_RELAXED))
        cancel_one();
    return unused;
}

/* The same file under a second name would be the same object. */
static void *open_copy(void)
{
    char name[64];
    struct stat status;
    int from = open("./plugin", O_RDONLY), to = memfd_create("plugin", 0);

    if (from < 0 || to < 0 || fstat(from, &status) ||
        sendfile(to, from, NULL, (size_t)status.st_size) != status.st_size)
        die("a copy of ./plugin");
    snprintf(name, sizeof name, "/proc/self/fd/%d", to);
    void *library = dlopen(name, RTLD_NOW);

    if (!library)
        die(dlerror());
    close(from);
    return library;
}

int main(int argc, char **argv)
{
    void *library[MOST];
    int libraries = argument(argc, argv, 1, 100);
    if (libraries > MOST)
        die("too many libraries");
    for (int i = 0; i < libraries; i++)
        library[i] = open_copy();
    cancel_one(); /* loads the unwinder */
    pthread_t beside = start(cancel, NULL);

    for (int i = 0; i < libraries; i++) {
        int before = __atomic_load_n(&cancelled, __ATOMIC_RELAXED);

        if (dlclose(library[i]))
            die("dlclose");
        while (__atomic_load_n(&cancelled, __ATOMIC_RELAXED) == before)
            sched_yield();
    }
    __atomic_store_n(&done, 1, __ATOMIC_RELAXED);
    MUST(pthread_join(beside, NULL));
    printf("cancelled=%d unwound=%d\n", cancelled, unwound);
    return unwound != cancelled;
}
