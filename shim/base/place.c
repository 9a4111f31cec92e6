#include "place.h"

#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>

#include "elf.h"
#include "sys.h"

struct headers {
    const ElfW(Phdr) *first;
    size_t count;
};

/* Of the program from the kernel, of others from the file's head, which their first segment has. */
static struct headers headers_of(const struct link_map *map)
{
    if (map == elf_first())
        return (struct headers){(const void *)elf_auxiliary(AT_PHDR), elf_auxiliary(AT_PHNUM)};
    const ElfW(Ehdr) *head = (const void *)map->l_addr;
    if (!map->l_ld || !head || memcmp(head->e_ident, ELFMAG, SELFMAG) != 0)
        return (struct headers){NULL, 0};
    return (struct headers){(const void *)(map->l_addr + head->e_phoff), head->e_phnum};
}

/* The nearest load address below it: no memory of an object is looked at, for it may be unloaded now. */
const struct link_map *place_object(const void *address)
{
    const struct link_map *best = NULL;
    for (const struct link_map *map = elf_first(); map; map = elf_after(map))
        if (map->l_ld && map->l_addr <= (ElfW(Addr))address && (!best || map->l_addr > best->l_addr))
            best = map;
    return best;
}

struct place_code place_code_of(const void *address)
{
    const struct link_map *map = place_object(address);
    struct headers h = map ? headers_of(map) : (struct headers){NULL, 0};
    struct place_code code = {UINTPTR_MAX, 0};
    for (size_t i = 0; i < h.count; i++) {
        uintptr_t begin = map->l_addr + h.first[i].p_vaddr, end = begin + h.first[i].p_memsz;
        if (h.first[i].p_type != PT_LOAD || !(h.first[i].p_flags & PF_X))
            continue;
        code.begin = begin < code.begin ? begin : code.begin;
        code.end = end > code.end ? end : code.end;
    }
    return code.end ? code : (struct place_code){0, 0};
}

/* What is written to while an object is loaded only is in such a segment too, by another header's word. */
int place_is_writable(const void *address)
{
    const struct link_map *map = place_object(address);
    struct headers h = map ? headers_of(map) : (struct headers){NULL, 0};
    int writable = 0;
    for (size_t i = 0; i < h.count; i++) {
        const ElfW(Phdr) *p = &h.first[i];
        if ((uintptr_t)address - (map->l_addr + p->p_vaddr) >= p->p_memsz)
            continue;
        if (p->p_type == PT_GNU_RELRO)
            return 0;
        writable = writable || (p->p_type == PT_LOAD && p->p_flags & PF_W);
    }
    return writable;
}

static const char *name_of(const struct link_map *map)
{
    const char *name = elf_path(map), *slash = strrchr(name, '/');
    return slash ? slash + 1 : name;
}

const char *place_name(const struct link_map *map) { return *name_of(map) ? name_of(map) : "program"; }

/* A script's name is the script's by the kernel, its interpreter's by /proc. */
const char *place_path(const struct link_map *map, char room[PLACE_PATH])
{
    if (*name_of(map))
        return elf_path(map);
    long size = sys_call(SYS_readlinkat, AT_FDCWD, (long)"/proc/self/exe", (long)room, PLACE_PATH - 1, 0, 0);
    const char *path = (const char *)elf_auxiliary(AT_EXECFN);
    if (size <= 0)
        return path ? path : "";
    room[size] = 0;
    return room;
}

const char *place_object_name(const void *address) { return name_of(place_object(address)); }

/* Symbols in a table without a count: as many as the hash table knows. */
static uint32_t count_symbols(const uint32_t *gnu_hash, const uint32_t *hash)
{
    if (hash)
        return hash[1];
    if (!gnu_hash)
        return 0;
    uint32_t buckets = gnu_hash[0], first = gnu_hash[1], words = gnu_hash[2], last = 0;
    const uint32_t *bucket = &gnu_hash[4 + words * sizeof(ElfW(Addr)) / 4];
    const uint32_t *chain = &bucket[buckets];
    for (uint32_t i = 0; i < buckets; i++)
        if (bucket[i] > last)
            last = bucket[i];
    if (last < first)
        return first;
    while (!(chain[last - first] & 1))
        last++;
    return last + 1;
}

/* Is it inside of what the object has loaded? Heaps and stacks lie above some object, too. */
static int is_loaded(const struct link_map *map, const void *address)
{
    struct headers h = headers_of(map);
    int inside = h.count == 0;
    for (size_t i = 0; i < h.count && !inside; i++)
        inside = h.first[i].p_type == PT_LOAD &&
                 (uintptr_t)address - (map->l_addr + h.first[i].p_vaddr) < h.first[i].p_memsz;
    return inside;
}

/* The exported function or variable that holds it, or NULL. A call that never returns may be its last
   instruction: then the return address is its end. */
static const char *symbol_of(const struct link_map *map, const void *address)
{
    struct elf_tables t = elf_tables(map);
    ElfW(Addr) offset = (ElfW(Addr))address - t.base;
    uint32_t count = t.symbols && t.strings ? count_symbols(t.gnu_hash, t.hash) : 0;
    const char *ends_there = NULL;
    for (uint32_t i = 0; i < count; i++) {
        const ElfW(Sym) *s = &t.symbols[i];
        int type = ELF64_ST_TYPE(s->st_info);
        if ((type != STT_FUNC && type != STT_OBJECT) || s->st_shndx == SHN_UNDEF)
            continue;
        if (offset - s->st_value < s->st_size)
            return t.strings + s->st_name;
        if (type == STT_FUNC && s->st_size && offset - s->st_value == s->st_size)
            ends_there = t.strings + s->st_name;
    }
    return ends_there;
}

static void append(struct place_text *t, size_t *used, const char *text)
{
    while (*text && *used < sizeof t->text - 1)
        t->text[(*used)++] = *text++;
    t->text[*used] = 0;
}

static void append_hex(struct place_text *t, size_t *used, uintptr_t number)
{
    char digits[2 + 2 * sizeof number + 1], *at = digits + sizeof digits;
    *--at = 0;
    do
        *--at = "0123456789abcdef"[number % 16];
    while (number /= 16);
    *--at = 'x';
    *--at = '0';
    append(t, used, at);
}

struct place_text place_describe(const void *address)
{
    struct place_text t = {""};
    size_t used = 0;
    const struct link_map *map = place_object(address);
    if (map && !is_loaded(map, address))
        map = NULL;
    if (map) {
        append(&t, &used, place_name(map));
        append(&t, &used, "+");
    }
    append_hex(&t, &used, (uintptr_t)address - (map ? map->l_addr : 0));
    const char *symbol = map ? symbol_of(map, address) : NULL;
    if (symbol) {
        append(&t, &used, " (");
        append(&t, &used, symbol);
        append(&t, &used, ")");
    }
    return t;
}

int place_search_depends_on(const void *caller, const char *file)
{
    if (!file || strchr(file, '/'))
        return file && strchr(file, '$') != NULL;
    const struct link_map *map = place_object(caller);
    for (const ElfW(Dyn) *d = map ? map->l_ld : NULL; d && d->d_tag != DT_NULL; d++)
        if (d->d_tag == DT_RUNPATH || d->d_tag == DT_RPATH)
            return 1;
    return 0;
}
