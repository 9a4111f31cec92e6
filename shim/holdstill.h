/*
 * Holdstill: what a program or library may tell the shim, and ask of it. Optional: all names are
 * weak and nothing is linked. Without the shim the calls below do nothing and answer 0.
 *
 * All are async-signal-safe and keep errno; where nothing else is said, they never fail.
 *
 * A weak name that no library has at link time is taken for absent at once in a program that isn't
 * position-independent, unless the compiler goes through the table of addresses: GCC is told to
 * (noplt); elsewhere compile with -fPIE or -fPIC.
 */
#ifndef HOLDSTILL_H
#define HOLDSTILL_H

#ifdef __cplusplus
extern "C" {
#endif

#ifndef HOLDSTILL_API
#ifdef __has_attribute
#if __has_attribute(noplt)
#define HOLDSTILL_API __attribute__((weak, noplt))
#endif
#endif
#endif
#ifndef HOLDSTILL_API
#define HOLDSTILL_API __attribute__((weak))
#endif

/* Does the shim run in this process? 1 or 0. */
HOLDSTILL_API int holdstill_active(void);

/*
 * A place where this thread may hold still while another one forks or the process exits, as at any
 * lock: bounded, and only if it holds none. For long loops that pass no lock.
 */
HOLDSTILL_API void holdstill_safepoint(void);

/*
 * A lock that the shim can't see: a raw futex, a spinlock of atomics, a runtime's own. Say
 * "acquired" right before the attempt to take it, since no fork may copy it taken but unlisted, and
 * "released" right after it was given back or the attempt failed; each as often as the other, by
 * the same thread. A fork waits for such a lock, bounded. In a child whose holder vanished
 * reset(lock) is called, with no other thread there and before the program's own fork handlers;
 * NULL: nothing can be done.
 */
HOLDSTILL_API void holdstill_lock_acquired(void *lock, void (*reset)(void *lock));
HOLDSTILL_API void holdstill_lock_released(void *lock);

/* Forks by other threads wait, bounded, until this one has allowed as often as it forbade. */
HOLDSTILL_API void holdstill_forbid_fork(void);
HOLDSTILL_API void holdstill_allow_fork(void);

/* Forks between the first process that ran the shim and this one. */
HOLDSTILL_API unsigned holdstill_fork_generation(void);

/* Was a thread that vanished at the last fork in a critical section, so that data may be half
   written in this child? 1 or 0. */
HOLDSTILL_API int holdstill_child_torn(void);

/*
 * Exit in tiers, around libc's own handlers. Of one tier, the function with the highest priority runs
 * first, of equals the newest. at_stop: when exit begins, before any thread is joined: what tells
 * threads to end. at_end: after the last exit handler and the destructors, before the last flush;
 * quick_exit runs both tiers too. Returns 0 or ENOMEM (there is room for 256); without the shim -1,
 * and the function won't run.
 */
HOLDSTILL_API int holdstill_at_stop(void (*function)(void *), void *argument, int priority);
HOLDSTILL_API int holdstill_at_end(void (*function)(void *), void *argument, int priority);

/*
 * What the calling thread is to an exit. JOINED: it is waited for, detached or not, at most
 * exit_join_ms. STILL: it isn't waited for, and holds still. LEFT: it runs on beside the exit
 * handlers, and touches nothing that they destroy. DEFAULT: joinable threads at work are waited for.
 */
enum holdstill_thread_class {
    HOLDSTILL_DEFAULT,
    HOLDSTILL_JOINED,
    HOLDSTILL_STILL,
    HOLDSTILL_LEFT
};
HOLDSTILL_API void holdstill_thread_class(enum holdstill_thread_class thread_class);

#ifndef HOLDSTILL_INSIDE
#define holdstill_active() (holdstill_active ? holdstill_active() : 0)
#define holdstill_safepoint() (holdstill_safepoint ? holdstill_safepoint() : (void)0)
#define holdstill_lock_acquired(lock, reset)                                                    \
    (holdstill_lock_acquired ? holdstill_lock_acquired(lock, reset) : (void)0)
#define holdstill_lock_released(lock)                                                           \
    (holdstill_lock_released ? holdstill_lock_released(lock) : (void)0)
#define holdstill_forbid_fork() (holdstill_forbid_fork ? holdstill_forbid_fork() : (void)0)
#define holdstill_allow_fork() (holdstill_allow_fork ? holdstill_allow_fork() : (void)0)
#define holdstill_fork_generation()                                                             \
    (holdstill_fork_generation ? holdstill_fork_generation() : 0u)
#define holdstill_at_stop(function, argument, priority)                                         \
    (holdstill_at_stop ? holdstill_at_stop(function, argument, priority) : -1)
#define holdstill_at_end(function, argument, priority)                                          \
    (holdstill_at_end ? holdstill_at_end(function, argument, priority) : -1)
#define holdstill_thread_class(class)                                                           \
    (holdstill_thread_class ? holdstill_thread_class(class) : (void)0)
#define holdstill_child_torn() (holdstill_child_torn ? holdstill_child_torn() : 0)
#endif

#ifdef __cplusplus
}
#endif

#endif
