#ifndef HOLDSTILL_ELF_H
#define HOLDSTILL_ELF_H

#include <link.h>
#include <stddef.h>
#include <stdint.h>

#include "export.h"

/*
 * The address of the default version of `name` in the first loaded object behind ours,
 * as dlsym(RTLD_NEXT) would search; NULL if there is none. Unlike dlsym it takes no
 * lock and never allocates, so it can be called inside malloc and before constructors ran
 * (System V ABI, "Dynamic Linking"; the GNU hash section).
 */
void *elf_next(const char *name);

/* The same for many names at once; those whose *to is set already are left alone. The hash is filled in. */
struct elf_name {
    const char *name;
    void **to;
    uint32_t hash;
};
void elf_fill(struct elf_name *names, size_t count);

/*
 * What is loaded now, at the start of the program, is never unloaded, and is read as any memory is. What elf_next and
 * elf_fill look at behind it is copied first: another thread may unmap it meanwhile (dlclose unmaps an object before
 * it takes it from the list).
 */
void elf_note_start(void);

/* The tables of a loaded object's dynamic symbols; what it doesn't have is NULL. */
struct elf_tables {
    ElfW(Addr) base;
    const ElfW(Sym) *symbols;
    const char *strings;
    const ElfW(Half) *versions;
    const uint32_t *gnu_hash;
    const uint32_t *hash;
    int may_go; /* may be unmapped while it is read */
};
struct elf_tables elf_tables(const struct link_map *map);

/* The same of an object that may be unmapped meanwhile: it is copied before it is read. */
struct elf_tables elf_copied_tables(const struct link_map *map);

/* The address of the default version of a function, or variable, that has this name and hash; or NULL. */
void *elf_find(const struct elf_tables *t, const struct elf_name *n, int variable);

/* What the GNU hash section calls the hash of a name. */
uint32_t elf_hash_of(const char *name);

/* getauxval, which is no import: its symbol version is newer than all others. 0 if it has no value. */
unsigned long elf_auxiliary(unsigned long type);

/* The program itself, first in the loader's list of objects. */
const struct link_map *elf_first(void);

/*
 * The next object in that list, or NULL at its end. Other threads load and unload meanwhile, under a lock of the
 * loader's that we may not wait for: an object's entry may be freed, and be another's, while we stand on it. What
 * doesn't lead back to where we are is tried again, and then taken for the end.
 */
const struct link_map *elf_after(const struct link_map *map);

/* Its file's path; "" for the program itself, and where there is none (any more). */
const char *elf_path(const struct link_map *map);

/* Our own object as the loader has it; NULL where we are linked into a program. */
const struct link_map *elf_own(void);

/* The first object, in the order in which a program is bound, that defines this function; or NULL. */
const struct link_map *elf_definer(const char *name);

/* As elf_next for a variable, but in the order in which the program itself is bound: all objects. */
void *elf_variable(const char *name);

/* As elf_fill in the program and in libraries whose file names begin so, those loaded later too. */
void elf_fill_bound(const char *prefix, struct elf_name *names, size_t count);

/* The next library after this one (NULL: of all) whose file name begins so; those loaded later, too. */
const struct link_map *elf_library(const char *prefix, const struct link_map *after);

/* A function that this very object defines; or NULL. */
void *elf_function(const struct link_map *map, const char *name);

/*
 * The first of its own thread-local variables that its code finds at a fixed distance from the thread pointer
 * (the initial-exec model), in the calling thread; or NULL.
 */
void *elf_thread_local(const struct link_map *map);

/*
 * How often the program has opened a library, or has it opened one now and then that we can't see the end
 * of (ELF_AT_ANY_TIME, which stays). While it is the same nothing was loaded that the program asked for.
 */
enum { ELF_AT_ANY_TIME = 1u << 30 };
extern INTERNAL _Atomic unsigned elf_opened;

/* The object that was loaded last: the same as before if nothing was loaded since. NULL: just now nobody knows. */
const void *elf_newest(void);

#endif
