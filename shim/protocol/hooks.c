#include "hooks.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>

#include "handlers.h"

enum { HOOKS = 256 };

enum { HOOK_FREE, HOOK_FILLING, HOOK_READY };

static struct hook {
    _Atomic int state;
    enum tier tier;
    int priority;
    unsigned generation;
    void (*function)(void *);
    void *argument;
} hooks[HOOKS];
static _Atomic int used; /* those behind have never been touched */

int hooks_add(enum tier tier, void (*function)(void *), void *argument, int priority)
{
    if (!record_self())
        return -1;
    for (int i = 0; i < HOOKS; i++) {
        struct hook *h = &hooks[i];
        int expected = HOOK_FREE;
        if (!atomic_compare_exchange_strong(&h->state, &expected, HOOK_FILLING))
            continue;
        for (int before = used; before <= i && !atomic_compare_exchange_weak(&used, &before, i + 1);)
            ;
        h->tier = tier;
        h->priority = priority;
        h->generation = process.generation;
        h->function = function;
        h->argument = argument;
        h->state = HOOK_READY;
        return 0;
    }
    return ENOMEM;
}

static struct hook *highest(enum tier tier)
{
    struct hook *best = NULL;
    for (int i = 0; i < used; i++) {
        struct hook *h = &hooks[i];
        if (h->state == HOOK_READY && h->tier == tier && (!best || h->priority >= best->priority))
            best = h;
    }
    return best;
}

void hooks_run(enum tier tier)
{
    for (struct hook *h; (h = highest(tier));) {
        int expected = HOOK_READY;
        if (!atomic_compare_exchange_strong(&h->state, &expected, HOOK_FILLING))
            continue;
        struct hook copy = *h;
        h->state = HOOK_FREE;
        if (handlers_are_mine(copy.generation))
            copy.function(copy.argument);
    }
}
