#include "libc.h"

#include "elf.h"

struct libc libc;

static const char several_threads;
const char *libc_single_threaded = &several_threads;

static const struct elf_name names[] = {
#define API(name)
#define SYMBOL(name, since, need, door) {#name, (void **)&libc.name},
#include "../symbols.def"
#undef SYMBOL
#undef API
};

enum { required = 1, optional = 0 };

const char *libc_name(const void *member)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if ((const void *)names[i].to == member)
            return names[i].name;
    return "";
}

int libc_resolve(void)
{
    const char *word = elf_variable("__libc_single_threaded");
    if (word)
        libc_single_threaded = word;
    elf_fill(names, sizeof names / sizeof *names);
    int missing = 0;
#define API(name)
#define SYMBOL(name, since, need, door) missing += need && !libc.name;
#include "../symbols.def"
#undef SYMBOL
#undef API
    return missing;
}
