#include "stack.h"

#include "sys.h"

enum { PAGE = 4096 };

__attribute__((no_sanitize("address"))) int stack_has(uintptr_t at, uintptr_t top, int (*is)(uintptr_t))
{
    for (uintptr_t page = 0; at < top; at += sizeof(uintptr_t)) {
        if (at / PAGE != page && !sys_readable((const void *)at))
            return -1;
        page = at / PAGE;
        if (is(*(const uintptr_t *)at))
            return 1;
    }
    return 0;
}
