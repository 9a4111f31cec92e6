/*
 * What the shared object shows to the world: used by doors and start.c only. And what it doesn't:
 * a variable so declared is reached without a look into the global offset table.
 */
#ifndef HOLDSTILL_EXPORT_H
#define HOLDSTILL_EXPORT_H

#define EXPORT __attribute__((visibility("default")))
#define INTERNAL __attribute__((visibility("hidden")))
#define INLINED static inline __attribute__((always_inline))
/* What is called at the end of a function costs its common case nothing. */
#define OUT_OF_LINE __attribute__((noinline))
/* Written at every fork: in one place, as each page that is written to is copied then. */
#define AT_FORK __attribute__((section("holdstill_fork")))
/* A child runs it after each fork: in one place, as each 64 KiB of code that it comes to are mapped anew. */
#define IN_CHILD __attribute__((hot))
#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

#endif
