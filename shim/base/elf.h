#ifndef HOLDSTILL_ELF_H
#define HOLDSTILL_ELF_H

/*
 * The address of the default version of `name` in the first loaded object behind ours,
 * as dlsym(RTLD_NEXT) would search; NULL if there is none. Unlike dlsym it takes no
 * lock and never allocates, so it can be called inside malloc and before constructors ran
 * (System V ABI, "Dynamic Linking"; the GNU hash section).
 */
void *elf_next(const char *name);

/* The same for a variable, in the order in which the program itself is bound: all objects. */
void *elf_variable(const char *name);

#endif
