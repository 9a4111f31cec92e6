/* A fork, F1 to F9: shim/protocol/fork.c; coming to rest: core/await.c; mending: core/repair.c. */

bit turn;
bit queued[THREADS];

/*
 * The mutex says that the thread isn't in it: no owner and free, or another one. The code asks only
 * when the record has been unchanged for a while.
 */
inline disbelieve(t, e, busy)
{
    e = OBJECT(e) - 1;
    owner = cell[OWNER(e)];
    atomic {
        busy = owner == t + 1 || (owner == 0 && cell[LOCK(e)] != 0);
        owner = 0
    }
}

/*
 * held_busy: one load after the other, while the thread goes on. It may get a nested lock after that
 * slot was looked at, and release its outermost one before slot 0 is: then it has counted a claim.
 */
inline look(t, busy)
{
#ifndef TORN_LOOK
    claimed = cell[CLAIMED(t)];
#endif
    i = cell[NESTED(t)];
    do
    :: atomic {
            e = cell[SLOT(t, i)];
            busy = CLAIMS(e, i)
        };
#ifdef DISBELIEVE
        if
        :: busy && e != 0 -> disbelieve(t, e, busy)
        :: true
        fi;
#endif
        e = 0;
        if
        :: busy || i == 0 -> i = 0; break
        :: else -> i--
        fi
    od;
#ifndef TORN_LOOK
    atomic {busy = busy || cell[CLAIMED(t)] != claimed; claimed = 0}
#endif
}

inline gate_open()
{
    gate = 0;
    news++
}

/* F2, F3. Workers are alike: it is enough to wait for one after the other. */
inline come_to_rest()
{
    atomic {FENCE; gate = 1; excused = 0; given_up = 0; t = 0};
    do
    :: t == THREADS -> t = 0; break
    :: t == me -> t++
    :: t < THREADS && t != me ->
        look(t, busy);
        if
        :: !busy -> t++
        :: busy && queued[t] -> busy = 0; t++
        :: busy && !queued[t] -> busy = 0
#ifdef GIVE_UP
        :: busy -> busy = 0; given_up = 1; t++      /* it sleeps, or takes too long */
#endif
#ifdef ASLEEP_AWAITING
        :: busy -> busy = 0; gate_open()
#endif
        fi
    od
}

/* The child's memory, where it differs from the parent's, and what only the child needs. */
hidden byte child_lock[LOCKS], child_owner[LOCKS], listed, m, ghost, j;

#define HOLDER(m) (cell[LOCK(m)] - 1)

/* F6: memory as it is, with stores on their way left behind. */
inline copy()
{
    m = 0;
    do
    :: m < LOCKS ->
        child_lock[m] = cell[LOCK(m)];
        child_owner[m] = cell[OWNER(m)];
        if
        :: cell[LOCK(m)] != 0 && HOLDER(m) != me ->
            listed = OBJECT(cell[PENDING(HOLDER(m))]) == MUTEX(m);
            j = 0;
            do
            :: j <= cell[NESTED(HOLDER(m))] ->
                listed = listed || OBJECT(cell[SLOT(HOLDER(m), j)]) == MUTEX(m);
                j++
            :: else -> break
            od;
            assert(listed)                          /* a lock that is taken is in its holder's record */
        :: else
        fi;
        assert(given_up || excused || cell[FIRST(m)] == cell[SECOND(m)]);       /* the data are whole */
        m++
    :: else -> break
    od
}

/* mend_mutex; the survivor's entries: its lock, if any, is in its slot 0. */
inline mend(e)
{
    if
    :: OBJECT(e) == 0 || OBJECT(e) == CONDITION
    :: else ->
        m = OBJECT(e) - 1;
        if
        :: child_owner[m] == me + 1
        :: child_owner[m] != me + 1 && child_owner[m] != ghost + 1 &&
           (child_owner[m] != 0 || OBJECT(SLOT_ME(0)) == MUTEX(m))
        :: else -> child_lock[m] = 0; child_owner[m] = 0
        fi
    fi
}

/* F7 */
inline repair_child()
{
    ghost = 0;
    do
    :: ghost < THREADS ->
#ifdef SHARED_PENDING
        mend(cell[PENDING(ghost)]);
#endif
        j = cell[NESTED(ghost)];
        do
        :: ghost != me -> mend(cell[SLOT(ghost, j)]);
            if
            :: j > 0 -> j--
            :: else -> break
            fi
        :: else -> break
        od;
        ghost++
    :: else -> break
    od
}

/* From here on the child may have threads, and they lock. */
inline child_opens()
{
    m = 0;
    do
    :: m < LOCKS ->
        assert(child_lock[m] == 0 || child_lock[m] == me + 1);     /* free, or the survivor's */
        m++
    :: else -> break
    od
}

inline child()
{
#ifdef REPAIR_AFTER_OPEN
    child_opens();
    repair_child()
#else
    repair_child();
    child_opens()
#endif
    ;
    m = 0; ghost = 0; j = 0; listed = 0
}

proctype forker(byte me)
{
    byte forks, t, i, e, claimed, place, n, v, seen_news, owner;
    bit busy, given_up, stops, taken, own;
    do
    :: forks < FORKS ->
        forks++;
#ifdef OWN_LOCK
        if
        :: acquire(1, 0, taken); work(1); own = 1
        :: skip
        fi;
#endif
        gate_pass(NO_PLACE);                        /* fork_still */
F1:     if
        :: atomic {FENCE && turn == 0 -> turn = 1}
        :: atomic {FENCE && turn == 1 -> queued[me] = 1};
            atomic {turn == 0 -> turn = 1};
            queued[me] = 0
        fi;
F2:     come_to_rest();                             /* and F3 */
#ifdef HANDLER_WAITS
F4:     if
        :: gate_open()                              /* a prepare handler waits; who holds still is needed */
        :: true
        fi;
#endif
F5:     if
        :: gate == 0 -> come_to_rest()
        :: else
        fi;
F6:     FENCE;
        d_step {copy(); child()};
        given_up = 0;
F9:     gate_open();
        turn = 0;
#ifdef OWN_LOCK
        if
        :: own -> own = 0; release(1)
        :: else
        fi
#endif
    :: else -> break
    od
}
