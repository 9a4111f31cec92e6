/*
 * Memory as threads see each other through it: cells, and before them each thread's stores on their
 * way.
 *
 * x86 (TSO): a thread's stores reach the cells in their order, some time after it went on.
 * WEAK (aarch64): plain stores in any order, but for those to one cell; a release store after all
 * that precede it.
 */

/* 0: free. The model writes who holds it; the code asks for 0 alone. */
#define LOCK(l)    (l)
/* __owner: written after the lock is taken, cleared before it is free */
#define OWNER(l)   (LOCKS + (l))
/* What the lock protects: whole when both are equal. */
#define FIRST(l)   (2 * LOCKS + (l))
#define SECOND(l)  (3 * LOCKS + (l))
#define RECORD(t)  (4 * LOCKS + (t) * (3 + PLACES))
#define NESTED(t)  (RECORD(t))
#define CLAIMED(t) (RECORD(t) + 1)
#define PENDING(t) (RECORD(t) + 2)     /* of a seeded bug */
#define SLOT(t, i) (RECORD(t) + 3 + (i))
#define CELLS      RECORD(THREADS)

byte cell[CELLS];

#define PLAIN 0
#define RELEASE 1

chan stores[THREADS] = [DEPTH] of {byte, byte, bit}; /* address, value, PLAIN or RELEASE */

/* All my stores have arrived. */
#define FENCE empty(stores[me])

/*
 * A locked instruction is a fence on x86. On aarch64 an acquiring one waits for release stores alone:
 * those two are never reordered there. Elsewhere they may be, and a fence would have to precede it.
 */
#ifdef WEAK
#define LOCKED !(stores[me]??[_, _, RELEASE])
#else
#define LOCKED empty(stores[me])
#endif

#define ARRIVES cell[a] = v; a = 0; v = 0; k = 0

#ifdef WEAK
/* The oldest store to this cell may overtake those to others. */
#define OVERTAKES(t, address) :: atomic {stores[t]??eval(address), v, PLAIN -> a = address; ARRIVES}
#else
#define OVERTAKES(t, address)
#endif

#if LOCKS > 2
#define OVERTAKES_EACH(t, ADDRESS) \
    OVERTAKES(t, ADDRESS(0)) OVERTAKES(t, ADDRESS(1)) OVERTAKES(t, ADDRESS(2))
#else
#define OVERTAKES_EACH(t, ADDRESS) OVERTAKES(t, ADDRESS(0)) OVERTAKES(t, ADDRESS(1))
#endif

#define DELIVER(t) \
    :: atomic {stores[t]?a, v, k -> ARRIVES} \
    OVERTAKES_EACH(t, OWNER) OVERTAKES_EACH(t, FIRST) OVERTAKES_EACH(t, SECOND)

active proctype memory()
{
    byte a, v;
    bit k;
end:
    do
    DELIVER(0)
#if THREADS > 1
    DELIVER(1)
#endif
#if THREADS > 2
    DELIVER(2)
#endif
#if THREADS > 3
    DELIVER(3)
#endif
    od
}
