#include "libc.h"

#include <stddef.h>
#include <string.h>

#include "elf.h"

struct libc libc;

static const char several_threads;
const char *libc_single_threaded = &several_threads;

/* Each name, and where it lies: a table of pointers would have to be relocated at each start. */
#define API(name)
static const struct names {
#define SYMBOL(name, since, need, door) char name[sizeof #name];
#include "../symbols.def"
#undef SYMBOL
} names = {
#define SYMBOL(name, since, need, door) #name,
#include "../symbols.def"
#undef SYMBOL
};

static const uint16_t places[] = {
#define SYMBOL(name, since, need, door) offsetof(struct names, name),
#include "../symbols.def"
#undef SYMBOL
};

enum { required = 1, optional = 0 };

static const char needs[] = {
#define SYMBOL(name, since, need, door) need,
#include "../symbols.def"
#undef SYMBOL
};

/* Numbers of names, which are in the same order as the members of struct libc; the late ones are the last. */
enum {
#define SYMBOL(name, since, need, door) number_of_##name,
#define LATE_FROM_HERE EARLY, last_of_early = EARLY - 1,
#include "../symbols.def"
#undef LATE_FROM_HERE
#undef SYMBOL
    NAMES,
    AT_ONCE = 64
};
#undef API
_Static_assert(sizeof(struct libc) == NAMES * sizeof(void *), "members are pointers");
_Static_assert(sizeof names <= UINT16_MAX, "places are short");

static const char *name_of(size_t number) { return (const char *)&names + places[number]; }

const char *libc_name(const void *member)
{
    size_t number = (size_t)((void *const *)member - (void *const *)&libc);
    return number < NAMES ? name_of(number) : "";
}

struct libc_symbol libc_symbol(size_t number)
{
    if (number >= NAMES)
        return (struct libc_symbol){NULL, NULL, optional};
    void *const *member = (void *const *)&libc + number;
    libc_find(member);
    return (struct libc_symbol){name_of(number), *member, needs[number]};
}

void libc_find(void *const *member)
{
    struct elf_name one = {.name = libc_name(member), .to = (void **)member};
    elf_fill(&one, 1);
}

/*
 * Up to 2.33 threads are a library of their own, which a program without them doesn't load: half of our names would be
 * missing, and the rest would be bound to what libc has for such programs when a plugin brings threads. libc can load
 * a library there without libdl. It is loaded before the names are looked up; nothing happens where it isn't found.
 */
static void load_threads(void)
{
    const unsigned by_dlopen = 0x80000000; /* glibc's include/dlfcn.h: __RTLD_DLOPEN */
    void *(*load)(const char *, int) = elf_next("pthread_create") ? NULL : elf_next("__libc_dlopen_mode");
    if (load)
        load("libpthread.so.0", (int)(by_dlopen | RTLD_NOW | RTLD_GLOBAL));
}

int libc_resolve(void)
{
    load_threads();
    elf_note_start();
    const char *word = elf_variable("__libc_single_threaded");
    if (word)
        libc_single_threaded = word;
    void **const functions = (void **)&libc;
    int missing = 0;
    for (size_t first = 0, count; first < EARLY; first += count) {
        struct elf_name some[AT_ONCE];
        for (count = 0; count < AT_ONCE && first + count < EARLY; count++)
            some[count] = (struct elf_name){.name = name_of(first + count), .to = &functions[first + count]};
        elf_fill(some, count);
        for (size_t i = 0; i < count; i++)
            missing += needs[first + i] && !*some[i].to;
    }
    return missing;
}
