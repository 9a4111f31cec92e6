/* bare: crashes; shimmed with dlclose=keep: ok */
/*
 * A library is closed while a thread is inside of it.
 *
 *   unload [LIBRARY=./plugin]
 *
 * Status 0: the thread came back.
 */
#include "victim.h"

#include <dlfcn.h>

int main(int argc, char **argv)
{
    void *library = dlopen(argc > 1 ? argv[1] : "./plugin", RTLD_NOW), *result = NULL;
    void *(*stay)(void *) = library ? (void *(*)(void *))dlsym(library, "plugin_stay") : NULL;
    int ends[2];

    if (!stay || pipe(ends))
        die("dlopen");
    pthread_t thread = start(stay, ends);

    await_asleep(1);
    if (dlclose(library))
        die("dlclose");
    if (write(ends[1], "", 1) != 1)
        die("write");
    MUST(pthread_join(thread, &result));
    return result != ends;
}
