/* bare: ok; shimmed: ok */
/*
 * A thread loads and unloads a library all the time, while another starts threads and forks: who looks through the
 * list of loaded objects meanwhile must not be led astray.
 *
 *   loading [FORKS=100]
 *
 * Status 0: no hang, no crash.
 */
#include "victim.h"

#include <dlfcn.h>

enum { THREADS = 20, LEAST = 1100, MOST = 1300, STEP = 50 };

static bool done;

/* What the loader frees is used for something else at once. */
static void *load(void *unused)
{
    while (!__atomic_load_n(&done, __ATOMIC_RELAXED)) {
        void *library = dlopen("./plugin", RTLD_NOW);

        if (!library)
            die(dlerror());
        dlclose(library);
        for (size_t size = LEAST; size <= MOST; size += STEP) {
            void *volatile block = calloc(1, size);

            free(block);
        }
    }
    return unused;
}

static void *end_at_once(void *unused) { return unused; }

static int leave(void *unused)
{
    (void)unused;
    return CHILD_OK;
}

int main(int argc, char **argv)
{
    struct tally tally = {0};
    int forks = argument(argc, argv, 1, 100);
    pthread_t loader = start(load, NULL);

    for (int i = 0; i < forks && !enough(&tally); i++) {
        for (int n = 0; n < THREADS; n++)
            MUST(pthread_join(start(end_at_once, NULL), NULL));
        try_fork(&tally, leave, NULL);
    }
    __atomic_store_n(&done, true, __ATOMIC_RELAXED);
    MUST(pthread_join(loader, NULL));
    return verdict(&tally);
}
