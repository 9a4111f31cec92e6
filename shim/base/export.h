/*
 * What the shared object shows to the world: used by doors and start.c only. And what it doesn't:
 * a variable so declared is reached without a look into the global offset table.
 */
#ifndef HOLDSTILL_EXPORT_H
#define HOLDSTILL_EXPORT_H

#define EXPORT __attribute__((visibility("default")))
#define INTERNAL __attribute__((visibility("hidden")))
#define INLINED static inline __attribute__((always_inline))
#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

#endif
