#include "libraries.h"

#include <string.h>

#include "base/elf.h"
#include "base/options.h"
#include "base/place.h"
#include "base/report.h"
#include "base/say.h"
#include "core/operate.h"

enum { NAMED = 8 };

struct inside {
    int tid;
    struct place_text place;
};

static int is_loaded(const void *handle)
{
    const struct link_map *map = elf_first();
    while (map && map != handle)
        map = elf_after(map);
    return map != NULL;
}

/* Threads of which a routine or a call site lies in the object; how many, at most NAMED. */
static int find_inside(const void *handle, struct inside *found)
{
    int count = 0;
    for (struct record *r = record_first(); r && count < NAMED; r = record_next(r)) {
        const void *wait = (const void *)(r->wait >> 2);
        const void *start = r->start ? (const void *)r->start : (const void *)r->start_c11;
        const void *where = wait && place_object(wait) == handle ? wait : start;
        if (r == self || record_is_ghost(r) || !where || place_object(where) != handle ||
            !record_alive(r))
            continue;
        found[count].tid = r->tid;
        found[count++].place = place_describe(where);
    }
    return count;
}

int libraries_close(void *handle)
{
    struct inside inside[NAMED];
    if (!record_self())
        return libc.dlclose(handle);
    if (options.dlclose == DLCLOSE_KEEP && is_loaded(handle))
        return 0;
    int count = strcmp(options.report, "no") == 0 ? 0 : find_inside(handle, inside);
    BUSY(libc.dlclose);
    int result = libc.dlclose(handle);
    if (count && !is_loaded(handle))
        for (int i = 0; i < count; i++)
            say("thread ", say_number(inside[i].tid), " is inside of a library that was closed: ",
                inside[i].place.text);
    return result;
}

int libraries_are_checked(const void *caller)
{
    static const char gcc[] = "libasan.so", clang[] = "libclang_rt.asan";
    const char *name = place_object_name(caller);
    return strncmp(name, gcc, sizeof gcc - 1) == 0 || strncmp(name, clang, sizeof clang - 1) == 0;
}

struct listener {
    int (*callback)(struct dl_phdr_info *, size_t, void *);
    void *argument;
};

static int hand_on(struct dl_phdr_info *info, size_t size, void *argument)
{
    const struct listener *to = argument;
    const struct link_map *own = elf_own();
    return own && info->dlpi_addr == own->l_addr ? 0 : to->callback(info, size, to->argument);
}

int libraries_but_ours(int (*callback)(struct dl_phdr_info *, size_t, void *), void *argument)
{
    struct listener to = {callback, argument};
    libc_resolve();
    return libc.dl_iterate_phdr(hand_on, &to);
}
