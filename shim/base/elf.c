#include "elf.h"

#include <elf.h>
#include <link.h>
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>

#include "sys.h"

_Atomic unsigned elf_opened;

enum { VERSION_HIDDEN = 0x8000 }; /* a version symbol: not the default one */

/* ld.so relocates these in place for most objects, but not for the vDSO. */
static const void *at(ElfW(Addr) base, ElfW(Addr) value)
{
    return (const void *)(value < base ? base + value : value);
}

/* 0: it is the end of the section. */
static int add_table(struct elf_tables *t, const ElfW(Dyn) *d)
{
    switch (d->d_tag) {
    case DT_SYMTAB: t->symbols = at(t->base, d->d_un.d_ptr); break;
    case DT_STRTAB: t->strings = at(t->base, d->d_un.d_ptr); break;
    case DT_VERSYM: t->versions = at(t->base, d->d_un.d_ptr); break;
    case DT_GNU_HASH: t->gnu_hash = at(t->base, d->d_un.d_ptr); break;
    case DT_HASH: t->hash = at(t->base, d->d_un.d_ptr); break;
    }
    return d->d_tag != DT_NULL;
}

struct elf_tables elf_tables(const struct link_map *map)
{
    struct elf_tables t = {.base = map->l_addr};
    for (const ElfW(Dyn) *d = map->l_ld; d && add_table(&t, d); d++)
        continue;
    return t;
}

static struct elf_tables copy_tables(const struct link_map *map)
{
    struct elf_tables t = {.base = map->l_addr, .may_go = 1};
    ElfW(Dyn) some[16];
    size_t count;
    for (const ElfW(Dyn) *d = map->l_ld; d; d += count) {
        count = sys_copy(some, d, sizeof some) / sizeof *some;
        for (size_t i = 0; i < count; i++)
            if (!add_table(&t, &some[i]))
                return t;
        if (!count)
            break;
    }
    return t;
}

/* Reads what belongs to an object; 0: it is gone. */
static inline int get(const struct elf_tables *t, void *to, const void *from, size_t size)
{
    if (t->may_go)
        return sys_copy(to, from, size) == size;
    memcpy(to, from, size);
    return 1;
}

static void *address(const struct elf_tables *t, const ElfW(Sym) *s)
{
    void *p = (void *)(t->base + s->st_value);
    if (ELF64_ST_TYPE(s->st_info) != STT_GNU_IFUNC)
        return p;
#if defined(__aarch64__)
    return ((void *(*)(unsigned long))p)(elf_auxiliary(AT_HWCAP));
#else
    return ((void *(*)(void))p)();
#endif
}

static int is_named(const struct elf_tables *t, const ElfW(Sym) *s, const char *name)
{
    char text[128];
    size_t size = strlen(name) + 1;
    if (!t->may_go)
        return strcmp(t->strings + s->st_name, name) == 0;
    return size <= sizeof text && get(t, text, t->strings + s->st_name, size) && memcmp(text, name, size) == 0;
}

/* Whether it is the default version of that name, too. */
static int matches(const struct elf_tables *t, uint32_t index, const struct elf_name *n, int variable, ElfW(Sym) *s)
{
    ElfW(Half) version = 0;
    if (!get(t, s, &t->symbols[index], sizeof *s) ||
        (t->versions && !get(t, &version, &t->versions[index], sizeof version)))
        return 0;
    int type = ELF64_ST_TYPE(s->st_info);
    int wanted = variable ? type == STT_OBJECT : type == STT_FUNC || type == STT_GNU_IFUNC;
    return s->st_shndx != SHN_UNDEF && wanted && !(version & VERSION_HIDDEN) && is_named(t, s, n->name);
}

static uint32_t gnu_hash(const char *name)
{
    uint32_t h = 5381;
    for (const char *c = name; *c; c++)
        h = h * 33 + (unsigned char)*c;
    return h;
}

enum { LONGEST_CHAIN = 1 << 16 }; /* of other memory that is there by now, the end would be far */

static int find_gnu(const struct elf_tables *t, const struct elf_name *n, int variable, ElfW(Sym) *s)
{
    uint32_t head[4], i, link, h = n->hash;
    if (!get(t, head, t->gnu_hash, sizeof head) || head[0] == 0)
        return 0;
    uint32_t buckets = head[0], first = head[1], words = head[2], shift = head[3];
    const ElfW(Addr) *bloom = (const ElfW(Addr) *)&t->gnu_hash[4];
    const unsigned bits = 8 * sizeof *bloom;
    ElfW(Addr) need = (ElfW(Addr))1 << h % bits | (ElfW(Addr))1 << (h >> shift) % bits, word;
    if (!get(t, &word, &bloom[h / bits & (words - 1)], sizeof word) || (word & need) != need) /* words: a power of two */
        return 0;
    const uint32_t *bucket = (const uint32_t *)&bloom[words];
    const uint32_t *chain = &bucket[buckets];
    if (!get(t, &i, &bucket[h % buckets], sizeof i) || i < first)
        return 0;
    for (const uint32_t end = i + LONGEST_CHAIN; i != end; i++) {
        if (!get(t, &link, &chain[i - first], sizeof link))
            return 0;
        if ((link | 1) == (h | 1) && matches(t, i, n, variable, s))
            return 1;
        if (link & 1)
            return 0;
    }
    return 0;
}

static int find_sysv(const struct elf_tables *t, const struct elf_name *n, int variable, ElfW(Sym) *s)
{
    uint32_t h = 0, buckets = 0, i = 0;
    for (const char *c = n->name; *c; c++) {
        h = (h << 4) + (unsigned char)*c;
        h ^= (h & 0xf0000000) >> 24;
        h &= 0x0fffffff;
    }
    if (!get(t, &buckets, &t->hash[0], sizeof buckets) || buckets == 0)
        return 0;
    const uint32_t *bucket = &t->hash[2], *chain = &bucket[buckets], *next = &bucket[h % buckets];
    for (int links = 0; links < LONGEST_CHAIN && get(t, &i, next, sizeof i) && i; links++) {
        if (matches(t, i, n, variable, s))
            return 1;
        next = &chain[i];
    }
    return 0;
}

static void *find(const struct elf_tables *t, const struct elf_name *n, int variable)
{
    ElfW(Sym) s;
    if (!t->symbols || !t->strings || (!t->gnu_hash && !t->hash))
        return NULL;
    int found = t->gnu_hash ? find_gnu(t, n, variable, &s) : find_sysv(t, n, variable, &s);
    return found ? address(t, &s) : NULL;
}

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
    struct elf_tables t = may_go ? copy_tables(map) : elf_tables(map);
    size_t missing = 0;
    for (size_t i = 0; i < count; i++) {
        if (__atomic_load_n(names[i].to, __ATOMIC_RELAXED))
            continue;
        void *found = find(&t, &names[i], 0);
        if (found)
            __atomic_store_n(names[i].to, found, __ATOMIC_RELAXED);
        missing += !found;
    }
    return missing;
}

static void hash_all(struct elf_name *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        names[i].hash = gnu_hash(names[i].name);
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

void *elf_function(const struct link_map *map, const char *name)
{
    struct elf_tables t = elf_tables(map);
    return find(&t, &(const struct elf_name){name, NULL, gnu_hash(name)}, 0);
}

static uintptr_t thread_pointer(void)
{
#if defined(__aarch64__)
    return (uintptr_t)__builtin_thread_pointer();
#else
    uintptr_t p; /* the builtin is there from gcc 11 on */
    __asm__("mov %%fs:0, %0" : "=r"(p));
    return p;
#endif
}

/* The loader has put the distance into every word that such a relocation names. */
void *elf_thread_local(const struct link_map *map)
{
#if defined(__aarch64__)
    enum { DISTANCE = R_AARCH64_TLS_TPREL };
#else
    enum { DISTANCE = R_X86_64_TPOFF64 };
#endif
    const ElfW(Rela) *r = NULL;
    uintptr_t size = 0, first = UINTPTR_MAX;
    for (const ElfW(Dyn) *d = map->l_ld; d && d->d_tag != DT_NULL; d++)
        if (d->d_tag == DT_RELA)
            r = at(map->l_addr, d->d_un.d_ptr);
        else if (d->d_tag == DT_RELASZ)
            size = d->d_un.d_val;
    for (size_t i = 0; r && i < size / sizeof *r; i++) {
        if (ELF64_R_TYPE(r[i].r_info) != DISTANCE || ELF64_R_SYM(r[i].r_info) != 0)
            continue;
        uintptr_t variable = thread_pointer() + *(const uintptr_t *)(map->l_addr + r[i].r_offset);
        if (variable < first)
            first = variable;
    }
    return first == UINTPTR_MAX ? NULL : (void *)first;
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
    const struct elf_name n = {.name = name, .hash = gnu_hash(name)};
    for (const struct link_map *map = elf_first(); map; map = elf_after(map)) {
        struct elf_tables t = elf_tables(map);
        if (find(&t, &n, 0))
            return map;
    }
    return NULL;
}

void *elf_variable(const char *name)
{
    const struct elf_name n = {.name = name, .hash = gnu_hash(name)};
    void *found = NULL;
    for (const struct link_map *map = elf_first(); map && !found; map = elf_after(map)) {
        struct elf_tables t = elf_tables(map);
        found = find(&t, &n, 1);
    }
    return found;
}
