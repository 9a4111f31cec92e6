#include "openmp.h"

#include <stddef.h>
#include <string.h>

#include "base/elf.h"
#include "base/place.h"
#include "base/sys.h"

int openmp_is_idle(const struct record *r)
{
    static const char *const runtimes[] = {"libgomp.so", "libomp.so", "libomp5.so", "libiomp5.so"};
    const char *object = r->start ? place_object_name((const void *)r->start) : "";
    int (*in_parallel)(void) = NULL;
    for (size_t i = 0; i < sizeof runtimes / sizeof *runtimes; i++)
        if (strncmp(object, runtimes[i], strlen(runtimes[i])) == 0)
            in_parallel = elf_next("omp_in_parallel");
    return in_parallel && !in_parallel();
}

/* Many threads begin in few routines: those looked at last are not looked at again. */
static struct {
    const void *start[8];
    unsigned next;
} others;

static int is_workers_routine(const void *start)
{
    enum { COUNT = sizeof others.start / sizeof *others.start };
    for (int i = 0; i < COUNT; i++)
        if (others.start[i] == start)
            return 0;
    if (strncmp(place_object_name(start), "libgomp", strlen("libgomp")) == 0)
        return 1;
    others.start[others.next++ % COUNT] = start;
    return 0;
}

enum { UNKNOWN, WORKER, OTHER };

IN_CHILD int openmp_is_worker(struct record *r)
{
    if (r->openmp == UNKNOWN && r->start) /* not before its creator has said where it starts */
        r->openmp = is_workers_routine((const void *)r->start) ? WORKER : OTHER;
    return r->openmp == WORKER;
}

static _Atomic int unseen; /* there are threads that nobody looked at */

void openmp_thread_made(void) { unseen = 1; }

void openmp_look_at_all(void)
{
    if (!unseen)
        return;
    unseen = 0;
    for (struct record *r = record_first(); r; r = record_next(r))
        openmp_is_worker(r);
}

/*
 * libgomp keeps, for a thread that began a region, a thread-local struct; one of its words points to the pool
 * of its workers, which begins with a pointer to the list of them, where that very thread is the first. The
 * word's index differs between versions. That circle is proof enough, and is what gcc 10 to 16 have.
 */
enum { THREAD_WORDS = 16 };

static void **pointer_in(void *const *from)
{
    return from && (uintptr_t)from % sizeof *from == 0 && sys_readable(from) ? *from : NULL;
}

static void **word_of_pool(void **thread)
{
    for (int i = 0; thread && i < THREAD_WORDS; i++)
        if (pointer_in((void **)pointer_in((void **)thread[i])) == thread)
            return &thread[i];
    return NULL;
}

int openmp_forget_workers(int looks_only)
{
    int forgotten = 0;
    for (const struct link_map *map = elf_library("libgomp", NULL); map; map = elf_library("libgomp", map)) {
        int (*level)(void) = elf_function(map, "omp_get_level");
        void **pool = word_of_pool(elf_thread_local(map));
        if (!pool || !level || level() != 0)
            continue;
        forgotten++;
        if (!looks_only)
            *pool = NULL;
    }
    return forgotten;
}
