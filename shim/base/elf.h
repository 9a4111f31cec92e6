#ifndef HOLDSTILL_ELF_H
#define HOLDSTILL_ELF_H

#include <stddef.h>
#include <stdint.h>

/*
 * The address of the default version of `name` in the first loaded object behind ours,
 * as dlsym(RTLD_NEXT) would search; NULL if there is none. Unlike dlsym it takes no
 * lock and never allocates, so it can be called inside malloc and before constructors ran
 * (System V ABI, "Dynamic Linking"; the GNU hash section).
 */
void *elf_next(const char *name);

/* The same for many names at once; those whose *to is set already are left alone. */
struct elf_name {
    const char *name;
    void **to;
};
void elf_fill(const struct elf_name *names, size_t count);

/* The file name of the object that holds this address, without directories; "" for the program. */
const char *elf_object_name(const void *address);

/*
 * Would dlopen(file) look where only the object that holds `caller` tells it to (DT_RUNPATH,
 * DT_RPATH, $ORIGIN)?
 */
int elf_search_depends_on(const void *caller, const char *file);

/* The same for a variable or a function, in the order in which the program itself is bound: all
   objects, those loaded later too. */
void *elf_variable(const char *name);
void elf_fill_bound(const struct elf_name *names, size_t count);

/* The object that was loaded last: the same as before if nothing was loaded since. */
const void *elf_newest(void);

/* Where the code of the object that holds this address is; start == end: unknown. */
struct elf_code {
    uintptr_t start, end;
};
struct elf_code elf_code_of(const void *address);

#endif
