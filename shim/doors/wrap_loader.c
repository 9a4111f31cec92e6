/* Doors: the loader. */
#include "base/export.h"
#include "base/elf.h"
#include "base/place.h"
#include "core/operate.h"
#include "protocol/libraries.h"

static void *open_listed(const char *file, int mode) __attribute__((noinline));
static void *open_listed(const char *file, int mode)
{
    BUSY(libc.dlopen);
    elf_opened++; /* its constructors are called before it returns */
    void *handle = libc.dlopen(file, mode);
    elf_opened++;
    return handle;
}

/* libc looks for a plain name in its caller's own search path: then it must not be ours (the last
   call is a jump, which keeps the return address). */
EXPORT void *dlopen(const char *file, int mode)
{
    record_self();
    if (place_search_depends_on(__builtin_return_address(0), file)) {
        elf_opened |= ELF_AT_ANY_TIME;
        return libc.dlopen(file, mode);
    }
    return open_listed(file, mode);
}

static void *open_in_space_listed(Lmid_t space, const char *file, int mode) __attribute__((noinline));
static void *open_in_space_listed(Lmid_t space, const char *file, int mode)
{
    BUSY(libc.dlmopen);
    elf_opened++;
    void *handle = libc.dlmopen(space, file, mode);
    elf_opened++;
    return handle;
}

EXPORT void *dlmopen(Lmid_t space, const char *file, int mode)
{
    record_self();
    if (place_search_depends_on(__builtin_return_address(0), file)) {
        elf_opened |= ELF_AT_ANY_TIME;
        return libc.dlmopen(space, file, mode);
    }
    return open_in_space_listed(space, file, mode);
}

EXPORT int dlclose(void *handle)
{
    return libraries_close(handle);
}

EXPORT int dl_iterate_phdr(int (*callback)(struct dl_phdr_info *, size_t, void *), void *argument)
{
    if (UNLIKELY(!self) && libraries_are_checked(__builtin_return_address(0)))
        return libraries_but_ours(callback, argument);
    BUSY(libc.dl_iterate_phdr);
    return libc.dl_iterate_phdr(callback, argument);
}
