#include "libc.h"

#include <string.h>

#include "elf.h"

struct libc libc;

static const char several_threads;
const char *libc_single_threaded = &several_threads;

/* One string of all names, and as many letters: a table of pointers would have to be relocated at each start. */
static const char names[] =
#define API(name)
#define SYMBOL(name, since, need, door) #name "\0"
#include "../symbols.def"
#undef SYMBOL
    ;

enum { required = 1, optional = 0 };

static const char needs[] = {
#define SYMBOL(name, since, need, door) need,
#include "../symbols.def"
#undef SYMBOL
#undef API
};

/* struct libc has a member for each name, in the same order. */
enum { NAMES = sizeof needs, AT_ONCE = 64 };
_Static_assert(sizeof(struct libc) == NAMES * sizeof(void *), "members are pointers");

const char *libc_name(const void *member)
{
    const char *name = names;
    size_t number = (size_t)((void *const *)member - (void *const *)&libc);
    if (number >= NAMES)
        return "";
    while (number-- > 0)
        name += strlen(name) + 1;
    return name;
}

int libc_resolve(void)
{
    const char *word = elf_variable("__libc_single_threaded");
    if (word)
        libc_single_threaded = word;
    void **const functions = (void **)&libc;
    const char *name = names;
    int missing = 0;
    for (int first = 0, count; first < NAMES; first += count) {
        struct elf_name some[AT_ONCE];
        for (count = 0; count < AT_ONCE && first + count < NAMES; count++, name += strlen(name) + 1)
            some[count] = (struct elf_name){name, &functions[first + count]};
        elf_fill(some, (size_t)count);
        for (int i = 0; i < count; i++)
            missing += needs[first + i] && !*some[i].to;
    }
    return missing;
}
