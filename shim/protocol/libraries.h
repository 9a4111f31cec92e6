/* dlclose, while other threads may be inside of the library; and who counts the libraries. */
#ifndef HOLDSTILL_LIBRARIES_H
#define HOLDSTILL_LIBRARIES_H

#include <link.h>
#include <stddef.h>

/*
 * As dlclose. With option dlclose=keep the library stays. With a report, threads that were inside of a
 * library that was unloaded are named: by their start routine, or the place of their wait.
 */
int libraries_close(void *handle);

/*
 * AddressSanitizer's first step is to look whether it is the first library, and to end the program if it
 * isn't. Nothing of it can be called then, so the shim sleeps on; and it isn't in the list: it does as
 * well in front of it. `caller`: the return address of dl_iterate_phdr.
 */
int libraries_are_checked(const void *caller);
int libraries_but_ours(int (*callback)(struct dl_phdr_info *, size_t, void *), void *argument);

#endif
