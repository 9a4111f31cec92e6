/* One loaded object, and its symbols. */
#include "elf.h"

#include <elf.h>
#include <link.h>
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>

#include "sys.h"

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

struct elf_tables elf_copied_tables(const struct link_map *map)
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

uint32_t elf_hash_of(const char *name)
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

void *elf_find(const struct elf_tables *t, const struct elf_name *n, int variable)
{
    ElfW(Sym) s;
    if (!t->symbols || !t->strings || (!t->gnu_hash && !t->hash))
        return NULL;
    int found = t->gnu_hash ? find_gnu(t, n, variable, &s) : find_sysv(t, n, variable, &s);
    return found ? address(t, &s) : NULL;
}

void *elf_function(const struct link_map *map, const char *name)
{
    struct elf_tables t = elf_tables(map);
    return elf_find(&t, &(const struct elf_name){name, NULL, elf_hash_of(name)}, 0);
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
