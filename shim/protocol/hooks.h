/* Tiers around libc's own exit handlers: what a program wants done before all of them, and after. */
#ifndef HOLDSTILL_HOOKS_H
#define HOLDSTILL_HOOKS_H

enum tier {
    TIER_STOP, /* E2: before threads are joined */
    TIER_END   /* after the last handler */
};

/* 0, ENOMEM, or -1 where the shim is off. Async-signal-safe. */
int hooks_add(enum tier tier, void (*function)(void *), void *argument, int priority);

/* Runs each hook of the tier once: highest priority first, of equals the newest; those that a hook
   adds too. */
void hooks_run(enum tier tier);

#endif
