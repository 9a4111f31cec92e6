/*
 * The gate, checked: threads that lock, one that forks, and every order in which their stores may
 * reach memory. Names and steps (F1 to F9) are those of the code and of shim/DESIGN.md.
 * model.test runs it; by hand, for example,
 *
 *     spin -a -DWORKERS=2 -DNESTING gate.pml
 *     cc -O2 -DSAFETY -DCOLLAPSE -o pan pan.c && ./pan -m100000
 *
 * must say "errors: 0" (with -DSIGNAL also: cc -DNOREDUCE). spin -t -p -g replays an error.
 *
 * What must hold (the assertions are in fork.pml): in the copy, a lock that is taken is in its
 * holder's record; the data are whole unless somebody was given up; in the child all locks are free or
 * the survivor's when the gate opens; in the parent, all threads get to their end.
 *
 * WORKERS, FORKERS, LOCKS, ROUNDS (of each worker) and FORKS (of each forker) are numbers. Features:
 *     NESTING        a second lock inside the first, given back in either order
 *     TRYLOCK        trylock, also to take locks against their order
 *     CONDITIONS     condition waits
 *     SIGNAL         worker 0 has a handler that locks, at any moment
 *     OWN_LOCK       the forking thread may hold a lock
 *     GIVE_UP        a busy thread may be given up
 *     DISBELIEVE     an entry that its mutex contradicts may be disbelieved
 *     MANY_LISTED    a nested acquisition may go the slow way at once
 *     HANDLER_WAITS  a prepare handler may wait, with the gate open
 *     ALIKE          worker 0 takes lock 0: without other features locks are alike, so this says all
 *     WEAK           aarch64, not x86
 * Seeded bugs, of which each must be found:
 *     ENTRY_AFTER_LOCK, GATE_BEFORE_ENTRY, POP_BEFORE_UNLOCK, RELAXED_ENTRY (WEAK), NO_FENCE,
 *     NO_GIVE_BACK, UNRECORDED_WAIT (CONDITIONS), REPAIR_AFTER_OPEN
 *     TORN_LOOK           slots are read one by one, and nothing tells that they changed (NESTING)
 *     COUNT_BEFORE_CLAIM  what tells it is written too early (NESTING)
 *     EMPTY_CLAIMS        an empty slot below the count is a claim (SIGNAL, CONDITIONS)
 *     COUNT_BEFORE_LOCK   a fast nested claim is counted before its lock is taken (NESTING, DISBELIEVE)
 *     SLOT_BEFORE_COUNT   a push writes the slot first (SIGNAL, NESTING, GIVE_UP)
 *     SHARED_PENDING      one word a thread says what it tries for, no TRY (SIGNAL, NESTING, GIVE_UP)
 *     ASLEEP_AWAITING     held threads take the pauses of one who awaits stillness for a wait
 *     NO_EXCUSE           no bug: a handler that interrupts an acquisition, a known gap (SIGNAL)
 *
 * Left out: time, chronic entries, entries without a slot, kinds other than normal mutexes.
 */

#ifndef WORKERS
#define WORKERS 2
#endif
#ifndef FORKERS
#define FORKERS 1
#endif
#ifndef LOCKS
#define LOCKS 2
#endif
#ifndef ROUNDS
#define ROUNDS 1
#endif
#ifndef FORKS
#define FORKS 1
#endif
#define THREADS (WORKERS + FORKERS)
#define PLACES 3    /* slots of a record */
#define DEPTH 8     /* stores that a thread may have on their way */

#include "memory.pml"
#include "record.pml"
#include "lock.pml"
#include "fork.pml"

#define LAST (LOCKS - 1)

#ifdef SIGNAL
#define INTERRUPTED(me) (me == 0)
#define UNLESS_HANDLING provided (!handling[me])
bit done[WORKERS];

/* A signal handler that locks: once, at any moment of the thread's life, or never. */
proctype handler(byte me)
{
    byte place, n, v, seen_news;
    bit stops, taken;
    if
    :: atomic {!done[me] -> handling[me] = 1};
        acquire(LAST, 0, taken);
        work(LAST);
        release(LAST);
        handling[me] = 0
    :: true
    fi
}
#else
#define INTERRUPTED(me) 0
#define UNLESS_HANDLING
#endif

#ifdef ALIKE
#define FIXED(me) (me == 0)
#else
#define FIXED(me) 0
#endif

proctype worker(byte me) UNLESS_HANDLING
{
    byte round, place, inner, n, v, seen_news;
    bit stops, taken;
    do
    :: round < ROUNDS ->
        round++;
        if
        :: acquire(0, 0, taken); work(0);
            if
            :: true
#ifdef NESTING
            :: acquire(1, 0, taken);
                if
                :: work(1); release(1)
                :: release(0); work(1); release(1); goto next      /* hand over hand */
                fi
#endif
#ifdef CONDITIONS
            :: wait_condition(0); work(0)
#endif
            fi;
            release(0)
        :: !INTERRUPTED(me) && !FIXED(me) -> acquire(LAST, 0, taken); work(LAST);
#ifdef TRYLOCK
            if
            :: acquire(0, 1, taken);
                if
                :: taken -> release(LAST); work(0); release(0); goto next
                :: else
                fi
            :: true
            fi;
#endif
            release(LAST)
#ifdef TRYLOCK
        :: acquire(0, 1, taken);
            if
            :: taken -> work(0); release(0)
            :: else
            fi
#endif
        fi;
next:   taken = 0
    :: else -> break
    od
#ifdef SIGNAL
    ;
    done[me] = 1
#endif
}

init
{
    atomic {
        run forker(WORKERS);
#if FORKERS > 1
        run forker(WORKERS + 1);
#endif
#ifdef SIGNAL
        run handler(0);
#endif
        run worker(0);
#if WORKERS > 1
        run worker(1);
#endif
#if WORKERS > 2
        run worker(2);
#endif
    }
}
