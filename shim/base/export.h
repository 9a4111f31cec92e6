/* What the shared object shows to the world; used by doors and start.c only. */
#ifndef HOLDSTILL_EXPORT_H
#define HOLDSTILL_EXPORT_H

#define EXPORT __attribute__((visibility("default")))
#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

#endif
