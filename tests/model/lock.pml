/* Taking, giving back and waiting: shim/core/fast.{h,c}, acquire.c, condition.c, gate.c. */

bit gate;
byte news;               /* counts openings: what held threads wait for */
bit passing[THREADS];    /* between an entry and the reading of the gate */
bit handling[THREADS];   /* a signal handler runs in this thread */
bit excused;             /* it went on at a closed gate: it had interrupted one who was passing */

#ifdef SIGNAL
#define MERGED           /* a handler may come between any two steps */
#define PASSING(yes) if :: !handling[me] -> passing[me] = yes :: else fi
#else
#define MERGED atomic    /* stores, which arrive later anyway, and one access to memory */
#define PASSING(yes) skip
#endif

inline compare_and_swap(l, taken)
{
    atomic {
        LOCKED;
        if
        :: cell[LOCK(l)] == 0 -> cell[LOCK(l)] = me + 1; taken = 1
        :: else -> taken = 0
        fi
    }
}

inline libc_lock(l)
{
    atomic {
        LOCKED && cell[LOCK(l)] == 0 -> cell[LOCK(l)] = me + 1;
        stores[me]!OWNER(l), me + 1, PLAIN
    }
}

/* Also mutex_give: the exchange is a release store, after all that precedes it. */
inline libc_unlock(l)
{
    stores[me]!OWNER(l), 0, PLAIN;
    atomic {FENCE; cell[LOCK(l)] = 0}
}

inline gate_hold()
{
    do
    :: seen_news = news;
        if
        :: gate == 0 -> seen_news = 0; break
        :: else -> news != seen_news
        fi
    od
}

/* The gate after an entry. */
inline read_gate()
{
    atomic {
        stops = gate;
        if
        :: !stops -> PASSING(0)
        :: else
        fi
    }
}

/* Closed (`stops`: the gate as it was read), and outermost: this thread must hold still. */
inline gate_stops(place)
{
    if
    :: stops -> held_outermost(place, stops);
#ifdef SIGNAL
        if
#ifndef NO_EXCUSE
        :: !stops && handling[me] && passing[me] -> excused = 1
#endif
        :: !stops && !handling[me] -> passing[me] = 0
        :: else
        fi
#endif
    :: else
    fi
}

inline gate_pass(place)
{
    MERGED {stops = gate; gate_stops(place)};
    do
    :: stops -> gate_hold(); MERGED {stops = gate; gate_stops(place)}
    :: else -> break
    od
}

/* libc's lock or, if `trying`, its trylock. */
inline attempt(l, trying, taken)
{
    if
    :: trying -> compare_and_swap(l, taken);
        if
        :: taken -> stores[me]!OWNER(l), me + 1, PLAIN
        :: else
        fi
    :: else -> libc_lock(l); taken = 1
    fi
}

#ifdef NO_FENCE
#define SLOW_FENCE skip
#else
#define SLOW_FENCE FENCE
#endif

#ifndef SHARED_PENDING
/* Slow path. */
inline acquire_listed(l, trying, taken)
{
    MERGED {held_push(MUTEX(l) | TRY, place)};
    do
    :: gate_pass(place);
        MERGED {
            attempt(l, trying, taken);
            if
            :: taken -> PASSING(1); held_set(place, MUTEX(l))
            :: else -> held_pop(place); break
            fi
        };
#ifdef NO_GIVE_BACK
        PASSING(0);
        break
#else
        MERGED {SLOW_FENCE; read_gate(); gate_stops(place)};
        if
        :: stops -> MERGED {held_set(place, MUTEX(l) | TRY); PASSING(0); libc_unlock(l)}
        :: else -> break
        fi
#endif
    od;
    place = 0
}
#else
/* One word in the record says what the thread tries for; the entry comes when it has it. */
inline acquire_listed(l, trying, taken)
{
    do
    :: stores[me]!PENDING(me), MUTEX(l), RELEASE;
        gate_pass(NO_PLACE);
        attempt(l, trying, taken);
        if
        :: taken -> held_push(MUTEX(l), place)
        :: else
        fi;
        stores[me]!PENDING(me), 0, RELEASE;
        if
        :: !taken -> break
        :: else
        fi;
        FENCE;
        read_gate();
        gate_stops(place);
        if
        :: stops ->
            stores[me]!PENDING(me), MUTEX(l), RELEASE;
            held_pop(place);
            libc_unlock(l)
        :: else -> break
        fi
    od;
    place = 0
}
#endif

/* The gate was closed when a fast acquisition looked. */
inline acquired_at_closed_gate(l)
{
    MERGED {held_set(place, MUTEX(l) | TRY); PASSING(0); libc_unlock(l); held_pop(place)}
}

/* pthread_mutex_lock; pthread_mutex_trylock if `trying`. */
inline acquire(l, trying, taken)
{
    taken = 0;
    if
    :: MERGED {                                             /* mutex_lock, take_listed */
            skip;
#ifdef GATE_BEFORE_ENTRY
            read_gate();
#endif
#ifdef ENTRY_AFTER_LOCK
            compare_and_swap(l, taken);
            held_push_few(MUTEX(l), place)
#else
            PASSING(1);
            held_push_few(MUTEX(l), place);
            compare_and_swap(l, taken)
#endif
        };
        MERGED {
            FENCE;                                          /* on x86 the CAS was one */
            if
            :: taken -> stores[me]!OWNER(l), me + 1, PLAIN;
                held_taken(place, MUTEX(l));
#ifndef GATE_BEFORE_ENTRY
                read_gate();
#endif
                gate_stops(place)
            :: else -> held_pop(place); PASSING(0)
            fi
        };
        if
        :: taken && stops -> acquired_at_closed_gate(l); taken = 0
        :: else
        fi
#ifdef MANY_LISTED
    :: SLOT_ME(0) != 0
#endif
    fi;
    if
    :: !taken -> acquire_listed(l, trying, taken)
    :: else -> place = 0
    fi
}

/* pthread_mutex_unlock: mutex_unlock or release_mutex, whose order is the same. */
inline release(l)
{
    MERGED {
        held_find(l, place);
#ifdef POP_BEFORE_UNLOCK
        held_pop(place);
        libc_unlock(l)
#else
        libc_unlock(l);
        held_pop(place)
#endif
    };
    place = 0
}

/* pthread_cond_wait: libc's own unlocks, sleeps and locks, as long as it likes. */
inline wait_condition(l)
{
    MERGED {
        held_find(l, place);
#ifdef UNRECORDED_WAIT
        held_set(place, NOTHING);
#else
        held_set(place, MUTEX(l) | TRY);
#endif
        held_push(CONDITION | TRY, inner);
        libc_unlock(l)
    };
    MERGED {
        libc_lock(l);
        held_pop(inner);                                    /* condition_wait_end */
        PASSING(1);
        held_set(place, MUTEX(l))
    };
    MERGED {FENCE; read_gate(); gate_stops(place)};
    do
    :: stops ->
        MERGED {held_set(place, MUTEX(l) | TRY); PASSING(0); libc_unlock(l)};   /* give back */
        gate_hold();
        MERGED {libc_lock(l); PASSING(1); held_set(place, MUTEX(l))};
        MERGED {FENCE; read_gate(); gate_stops(place)}
    :: else -> break
    od;
    place = 0;
    inner = 0
}

/* Something that is whole before and after, never in between. */
inline work(l)
{
    MERGED {
        v = 1 - cell[FIRST(l)];
        stores[me]!FIRST(l), v, PLAIN;
        stores[me]!SECOND(l), v, PLAIN;
        v = 0
    }
}
