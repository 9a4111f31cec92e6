/* What can't be done in this process, for the report: by this libc, this kernel, or want of memory. */
#ifndef HOLDSTILL_DEGRADED_H
#define HOLDSTILL_DEGRADED_H

struct degraded {
    const char *name; /* for programs */
    const char *text; /* for people */
};
enum { DEGRADED = 8 };

/* Those that hold. How many? Async-signal-safe. */
int degraded_find(struct degraded found[DEGRADED]);

#endif
