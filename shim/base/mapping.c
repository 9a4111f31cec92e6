#include "mapping.h"

#include "export.h"
#include "layout.h"
#include "proc.h"
#include "sys.h"

/*
 * mremap with an old size of 0 gives a second mapping of a shared page and refuses a private one
 * (EINVAL); EFAULT: nothing is mapped there.
 */
static long map_again(const void *p)
{
    return sys_call(SYS_mremap, (long)((uintptr_t)p & -layout.page_size), 0, (long)layout.page_size,
                    MREMAP_MAYMOVE, 0, 0);
}

/* Where mremap is denied, or does otherwise (an emulator). */
static enum mapping by_list(const void *p)
{
    switch (proc_mapping(p)) {
    case 'p': return MAPPING_PRIVATE;
    case 's': return MAPPING_SHARED;
    case 0: return MAPPING_NONE;
    default: return MAPPING_UNKNOWN;
    }
}

IN_CHILD enum mapping mapping_of(const void *p)
{
    long copy = map_again(p);
    if (copy == -EFAULT)
        return MAPPING_NONE;
    if (copy == -EINVAL)
        return MAPPING_PRIVATE;
    if (copy >= 0 || copy <= -4096) {
        sys_call(SYS_munmap, copy, (long)layout.page_size, 0, 0, 0, 0);
        return MAPPING_SHARED;
    }
    /* No memory is left for a second mapping, or this isn't what the kernel says of a private page. */
    return map_again(&copy) == -EINVAL ? MAPPING_SHARED : by_list(p);
}
