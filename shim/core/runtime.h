/*
 * A language runtime whose threads share one lock (CPython's interpreter lock). That lock is no
 * program lock: a thread that has it never holds still, for the owner of a gate may need it next.
 * Set once by the runtime's adapter; all zero while there is none.
 */
#ifndef HOLDSTILL_RUNTIME_H
#define HOLDSTILL_RUNTIME_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/export.h"

struct runtime {
    uintptr_t code, code_end;  /* where its own code is */
    int (*holds_lock)(void);   /* does the calling thread hold the lock? */
    void *(*release)(void);    /* gives it up ... */
    void (*take)(void *state); /* ... and takes it again */
    int (*is_locked)(const void *); /* is this lock of KIND_RUNTIME taken? May be NULL */
    int keeps_lock_at_fork;      /* its fork holds more locks than that one, which others want with it */
    void (*about_to_fork)(void); /* with the lock and a closed gate; may be NULL */
    void *_Atomic mutex; /* what its lock was made of when somebody last waited for it */
    _Atomic int present;       /* the rest is set */
};
extern INTERNAL struct runtime runtime;

static inline int runtime_holds_lock(void)
{
    return atomic_load_explicit(&runtime.present, memory_order_acquire) && runtime.holds_lock();
}

/* Was the door called by the runtime itself? Its mutexes and conditions make up the shared lock. */
static inline int runtime_calls(const void *site)
{
    return atomic_load_explicit(&runtime.present, memory_order_acquire) &&
           (uintptr_t)site - runtime.code < runtime.code_end - runtime.code;
}

#endif
