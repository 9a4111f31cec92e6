#include "libc.h"

#include "elf.h"

struct libc libc;

static const char several_threads;
const char *libc_single_threaded = &several_threads;

enum { required = 1, optional = 0 };

static int resolve(void **slot, const char *name, int need)
{
    if (!*slot)
        *slot = elf_next(name);
    return !*slot && need == required;
}

int libc_resolve(void)
{
    int missing = 0;
    const char *word = elf_variable("__libc_single_threaded");
    if (word)
        libc_single_threaded = word;
#define SYMBOL(name, since, need, door) missing += resolve((void **)&libc.name, #name, need);
#include "../symbols.def"
#undef SYMBOL
    return missing;
}
