/* What lies on a stack, read word by word: no frame is trusted. */
#ifndef HOLDSTILL_STACK_H
#define HOLDSTILL_STACK_H

#include <stdint.h>

/*
 * Is there such a word from `at` (aligned) up to `top`? Negative if a page before it can't be read. Async-signal-safe.
 */
int stack_has(uintptr_t at, uintptr_t top, int (*is)(uintptr_t word));

#endif
