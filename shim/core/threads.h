/*
 * Records: what the shim keeps of each thread. They live in slabs that are never unmapped, so that a
 * pointer to one is always safe to follow.
 */
#ifndef HOLDSTILL_THREADS_H
#define HOLDSTILL_THREADS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "base/chaos.h"
#include "base/export.h"
#include "base/finding.h"

/* An object that a thread is in: address, kind in the top byte, marks in the two lowest bits. */
typedef uintptr_t entry;

enum { SLOTS = 32, SITES = 8, CUSTOMS = 4 };

/* What a thread is at exit, by its own word: holdstill.h. */
enum thread_class { CLASS_BY_RULE, CLASS_JOINED, CLASS_STILL, CLASS_LEFT };

enum record_state {
    RECORD_FREE,
    RECORD_CLAIMED,  /* being filled in by its creator */
    RECORD_STARTING, /* the thread has not run yet: alive, and at work */
    RECORD_LIVE      /* until the kernel has no such thread */
};
#define RECORD_STATE 3u /* the bits of `life` that tell the state */

/*
 * Fields of the first block are written by the thread itself only (marks in slots excepted: the
 * owner of the gate adds them by compare-and-swap), or say by whom, as the rest does. All that a fork and its child look
 * at in a thread which holds few locks is in the first line.
 */
struct record {
    _Atomic uint32_t nested; /* slots 1 .. nested are in use */
    _Atomic uint32_t over;   /* entries for which there was no slot */
    _Atomic uint32_t claimed; /* how often an entry outside of slot 0 began to claim */
    _Atomic int tid;
    _Atomic uint32_t owns;   /* the gates that this thread closed */
    unsigned generation;     /* creator: of the process that made it */
    struct slab *slab;       /* creator: where it is */
    _Atomic unsigned life;   /* enum record_state, and above it how many threads it has been for */
    int openmp;              /* the forking thread, then the child: see openmp.h */
    _Atomic(entry) slot[1 + SLOTS];    /* slot 0: the outermost, in use when it isn't 0 */
    _Atomic uintptr_t wait;            /* call site << 2 | enum wait_kind; 0: in none */
    _Atomic int64_t wait_began;        /* of a wait whose limit is a duration; else 0 */
    struct site {
        uintptr_t address;
        uint32_t returns;
    } sites[SITES]; /* of timed waits: how often each has returned */
    struct custom {
        void *lock;
        void (*reset)(void *);
    } customs[CUSTOMS];  /* locks announced by the program, while it holds them */
    struct once *once;   /* the innermost pthread_once that it is in */
    _Atomic int held;    /* holds still at the gate */
    int held_in_handler; /* ... in a signal handler that came while it didn't */
    uint32_t may_pass;   /* at this closing of the FORK gate it may take one lock */
    struct {
        int64_t of;     /* when the exiting thread last got on ... */
        int64_t looked; /* ... when it was looked at since ... */
        int asleep;     /* ... and was seen asleep, so much more often than not */
    } stall;
    _Atomic int queued;  /* waits for its turn to fork */
    _Atomic int class;   /* enum thread_class */
    _Atomic int awaiting; /* looks at the others, and sleeps between the looks */

    _Atomic int joinable; /* creator, then whoever detaches it */
    _Atomic int created;  /* creator: it needs the record no more */
    _Atomic int pass;     /* the exiting thread: let through the gate */
    _Atomic int left_behind; /* a runtime that ended: held for good where it is */
    _Atomic int in_transit; /* the forking thread: it may have a runtime's lock that it tries for */
    _Atomic int meant_to_end; /* a runtime's word: it is waited for, however it waits */
    _Atomic pthread_t thread;
    void *(*start)(void *);
    int (*start_c11)(void *);
    void *argument;
    void *first_frame; /* where its stack begins, as far as we know; NULL: we don't */
    const void **taken; /* where the entry of each slot was made; NULL: nobody wants to know */
    char name[THREAD_NAME]; /* as it was when somebody last asked */
    void *result; /* the thread, when it ends: what a join answers in a child */
    _Atomic int ended;
    int *error;     /* its errno: a child that needn't ask libc for it maps a piece of libc less */

    /* The gate's owner, while it awaits stillness: */
    struct record *next_awaited;
    int64_t stuck_run_time; /* it slept, busy, with this run time; 0: it didn't */
    int64_t helped_run_time; /* it slept with this one when those who held still were let go for its sake */
    uint64_t outlived;      /* slots whose entries the last closing gave up */
    uint32_t over_ignored;
    struct {
        int given_up;            /* at this closing, or at the last that looked at it */
        int64_t run_began;       /* its run time when it was first looked at, or last spun in hope; -1 unknown */
        int64_t asleep_run;      /* asleep with this run time ... */
        int64_t asleep_since;    /* ... since then; 0: it isn't */
        entry outermost;         /* what its record said ... */
        uint32_t nested, claimed;
        int64_t unchanged_since; /* ... since then */
        int64_t hopeless_since;  /* nobody can give it the lock that it waits for */
        int64_t asked_in;        /* in which sleep of others it was asked whether it gets a CPU ... */
        int64_t run_asked;       /* ... and its run time then */
    } watch;
} __attribute__((aligned(64)));

extern INTERNAL _Thread_local struct record *self __attribute__((tls_model("initial-exec")));

/* The process, as far as forks change it. */
struct process {
    int pid;
    unsigned generation;  /* forks from the first ancestor */
    int torn;             /* a ghost of the last fork was in a critical section */
    int keeps_places;     /* records know where locks are taken */
    _Atomic int *present; /* on a page that a fork wipes: 0 in a child that no handler announced */
};
extern INTERNAL struct process process;

/*
 * The calling thread's record; made now for a thread that passed no door of ours. NULL: the shim is
 * off, still waking up, or out of memory; the door then calls libc alone. Async-signal-safe.
 */
struct record *record_self_slow(void);
static inline struct record *record_self(void)
{
    struct record *me = self;
    return __builtin_expect(me != NULL, 1) ? me : record_self_slow();
}

/* Wakes the shim up if need be; in start.c. Returns whether records may be made. */
int start(void);

/* A record in state CLAIMED, or NULL. */
struct record *record_new(void);
/* One's own, whose thread was never made; a ghost's, unless it has become somebody else's. */
void record_free(struct record *r);
void record_free_ghost(struct record *r);

static inline enum record_state record_state(const struct record *r)
{
    return (enum record_state)(((struct record *)r)->life & RECORD_STATE);
}

/* By its creator, then by its thread. */
void record_enter(struct record *r, enum record_state state);

/* Called by the new thread itself: from here on `self` is r. */
void record_adopt(struct record *r);

/* Every record in use: for (r = record_first(); r; r = record_next(r)) */
struct record *record_first(void);
struct record *record_next(struct record *r);

/*
 * A ghost is the record of a thread that a fork left behind. Nothing is written to make it one, so
 * that a fork copies no pages for it.
 */
static inline int record_is_ghost(const struct record *r)
{
    return r->generation != process.generation;
}

/* The record of a thread that lives, or of a ghost; NULL if there is none. */
struct record *record_of(pthread_t thread);
struct record *record_of_ghost(pthread_t thread);

/* Does r stand for a thread that still exists? Asks the kernel; frees the record if not. */
int record_alive(struct record *r);

/* Is this a child of vfork, which shares our memory but is another process? */
int process_is_vfork_child(void);

/* Is a child that no handler announced noticed? */
int process_forks_wipe(void);

/* Sets pid and the page that tells of forks. */
void process_start(void);

#endif
