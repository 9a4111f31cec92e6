/* The loader's list of objects, and names looked up along it. */
#include "elf.h"

#include <link.h>
#include <string.h>
#include <sys/auxv.h>

#include "sys.h"

_Atomic unsigned elf_opened;

/* Weak and without a version, so that the loaders of other libcs get along without it: programs for
   them inherit LD_PRELOAD too. musl's has a name of its own. */
#pragma weak _r_debug
extern struct r_debug *_dl_debug_addr __attribute__((weak));

const struct link_map *elf_first(void)
{
    if (&_r_debug)
        return _r_debug.r_map;
    return &_dl_debug_addr ? _dl_debug_addr->r_map : NULL;
}

enum {
    TRIES = 100, /* each a system call: what the loader writes there is three words */
    WALKS = 10   /* each ended on an object that is in the list no more */
};

const struct link_map *elf_after(const struct link_map *map)
{
    for (int i = 0; i < TRIES; i++) {
        const struct link_map *next = __atomic_load_n(&map->l_next, __ATOMIC_ACQUIRE);
        if (!next)
            return NULL;
        if (sys_readable(&next->l_prev) && __atomic_load_n(&next->l_prev, __ATOMIC_RELAXED) == map)
            return next;
    }
    return NULL;
}

/* Is it still in the list, and nothing behind it? */
static int is_last(const struct link_map *map)
{
    const struct link_map *before = __atomic_load_n(&map->l_prev, __ATOMIC_RELAXED);
    return !__atomic_load_n(&map->l_next, __ATOMIC_RELAXED) &&
           (!before || (sys_readable(&before->l_next) && __atomic_load_n(&before->l_next, __ATOMIC_RELAXED) == map));
}

/* Up to this one objects were there at the start, and stay. Those behind it may be unmapped while we look. */
static const struct link_map *last_at_start;

void elf_note_start(void)
{
    if (!last_at_start)
        last_at_start = elf_newest();
}

const char *elf_path(const struct link_map *map)
{
    const char *path = map ? __atomic_load_n(&map->l_name, __ATOMIC_RELAXED) : NULL;
    return path && sys_readable(path) ? path : "";
}

/* link.h: _DYNAMIC is our own dynamic section, which tells our link map from the others. */
const struct link_map *elf_own(void)
{
    const struct link_map *own = elf_first();
    while (own && own->l_ld != _DYNAMIC)
        own = own->l_next;
    return own;
}

/* Where we are not in the list (linked into a test) all behind the program itself is behind us. */
static const struct link_map *behind_us(void)
{
    const struct link_map *own = elf_own();
    return own ? own->l_next : elf_first()->l_next;
}

/*
 * Looks into one object; how many names are still to be found. Another thread may look for the same ones, and call
 * what it found: nothing but an address is ever written.
 */
static size_t fill_from(const struct link_map *map, const struct elf_name *names, size_t count, int may_go)
{
    struct elf_tables t = may_go ? elf_copied_tables(map) : elf_tables(map);
    size_t missing = 0;
    for (size_t i = 0; i < count; i++) {
        if (__atomic_load_n(names[i].to, __ATOMIC_RELAXED))
            continue;
        void *found = elf_find(&t, &names[i], 0);
        if (found)
            __atomic_store_n(names[i].to, found, __ATOMIC_RELAXED);
        missing += !found;
    }
    return missing;
}

static void hash_all(struct elf_name *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        names[i].hash = elf_hash_of(names[i].name);
}

static size_t fill(struct elf_name *names, size_t count, const struct link_map **last)
{
    size_t missing = count;
    int may_go = 0;
    *last = NULL;
    for (const struct link_map *map = behind_us(); map && missing; map = elf_after(map)) {
        missing = fill_from(map, names, count, may_go);
        may_go = may_go || map == last_at_start;
        *last = map;
    }
    return missing;
}

void elf_fill(struct elf_name *names, size_t count)
{
    const struct link_map *last = NULL;
    hash_all(names, count);
    for (int i = 0; i < WALKS && fill(names, count, &last) && last && !is_last(last); i++)
        continue;
}

static int is_called(const struct link_map *map, const char *prefix)
{
    const char *path = elf_path(map), *slash = strrchr(path, '/');
    return strncmp(slash ? slash + 1 : path, prefix, strlen(prefix)) == 0;
}

void elf_fill_bound(const char *prefix, struct elf_name *names, size_t count)
{
    size_t missing = count;
    hash_all(names, count);
    for (const struct link_map *map = elf_first(); map && missing; map = elf_after(map))
        if (map == elf_first() || is_called(map, prefix))
            missing = fill_from(map, names, count, 0);
}

const struct link_map *elf_library(const char *prefix, const struct link_map *after)
{
    const struct link_map *map = after ? elf_after(after) : elf_first();
    while (map && !is_called(map, prefix))
        map = elf_after(map);
    return map;
}

const void *elf_newest(void)
{
    const struct link_map *map = elf_first();
    for (const struct link_map *next = map; next; next = elf_after(map))
        map = next;
    return map && is_last(map) ? map : NULL;
}

void *elf_next(const char *name)
{
    void *found = NULL;
    elf_fill(&(struct elf_name){.name = name, .to = &found}, 1);
    return found;
}

unsigned long elf_auxiliary(unsigned long type)
{
    __typeof__(getauxval) *real = elf_next("getauxval");
    return real ? real(type) : 0;
}

const struct link_map *elf_definer(const char *name)
{
    const struct elf_name n = {.name = name, .hash = elf_hash_of(name)};
    for (const struct link_map *map = elf_first(); map; map = elf_after(map)) {
        struct elf_tables t = elf_tables(map);
        if (elf_find(&t, &n, 0))
            return map;
    }
    return NULL;
}

void *elf_variable(const char *name)
{
    const struct elf_name n = {.name = name, .hash = elf_hash_of(name)};
    void *found = NULL;
    for (const struct link_map *map = elf_first(); map && !found; map = elf_after(map)) {
        struct elf_tables t = elf_tables(map);
        found = elf_find(&t, &n, 1);
    }
    return found;
}
