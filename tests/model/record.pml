/* Records and entries: shim/core/held.h, held.c. A record's own thread alone writes it. */

#define TRY       8
#define NOTHING   TRY            /* fills a slot that was emptied below others */
#define MUTEX(l)  ((l) + 1)
#define CONDITION 7
#define OBJECT(e) ((e) & 7)

/* An empty slot is no claim: below the count it belongs to a push or a pop that was interrupted. */
#ifdef EMPTY_CLAIMS
#define CLAIMS(e, place) (!((e) & TRY) && ((place) > 0 || (e) != 0))
#else
#define CLAIMS(e, place) ((e) != 0 && !((e) & TRY))
#endif

/* What the thread itself finds in its record, on its way to memory or there. */
byte own_nested[THREADS], own_claimed[THREADS], own_slot[THREADS * PLACES];
#define NESTED_ME own_nested[me]
#define SLOT_ME(i) own_slot[me * PLACES + (i)]

#ifdef RELAXED_ENTRY
#define ENTRY_ORDER PLAIN
#else
#define ENTRY_ORDER RELEASE
#endif

inline store_nested(n)
{
    atomic {stores[me]!NESTED(me), n, RELEASE; NESTED_ME = n}
}

inline store_slot(place, e)
{
    atomic {stores[me]!SLOT(me, place), e, ENTRY_ORDER; SLOT_ME(place) = e}
}

inline count_claim(place, e)
{
    if
    :: place > 0 && CLAIMS(e, place) ->
        atomic {own_claimed[me]++; stores[me]!CLAIMED(me), own_claimed[me], RELEASE}
    :: else
    fi
}

/* A nested claim is counted after it is made and before anything else is released: see look. */
inline held_set(place, e)
{
#ifdef COUNT_BEFORE_CLAIM
    count_claim(place, e);
#endif
    store_slot(place, e);
#ifndef COUNT_BEFORE_CLAIM
    count_claim(place, e)
#endif
}

/* The count first: a handler in between takes another slot. */
inline held_push(e, place)
{
    if
    :: SLOT_ME(0) == 0 -> place = 0; held_set(0, e)
    :: else ->
        place = NESTED_ME + 1;
#ifdef SLOT_BEFORE_COUNT
        held_set(place, e);
        store_nested(place)
#else
        store_nested(place);
        held_set(place, e)
#endif
    fi
}

/* For an entry that claims before its lock is taken: counted when it is, by held_taken. */
inline held_push_few(e, place)
{
    if
    :: SLOT_ME(0) == 0 -> place = 0; store_slot(0, e)
    :: else ->
        place = NESTED_ME + 1;
#ifdef SLOT_BEFORE_COUNT
        store_slot(place, e);
        store_nested(place)
#else
        store_nested(place);
        store_slot(place, e)
#endif
    fi;
#ifdef COUNT_BEFORE_LOCK
    count_claim(place, e)
#endif
}

inline held_taken(place, e)
{
#ifndef COUNT_BEFORE_LOCK
    count_claim(place, e)
#else
    skip
#endif
}

inline held_pop(place)
{
    if
    :: place == 0 -> store_slot(0, 0)
    :: else -> store_slot(place, NOTHING)
    fi;
    do
    :: n = NESTED_ME;
        if
        :: n > 0 && SLOT_ME(n) == NOTHING -> store_slot(n, 0); store_nested(n - 1)
        :: else -> n = 0; break
        fi
    od
}

/* The newest entry of mine for this mutex. */
inline held_find(l, place)
{
    d_step {
        place = NESTED_ME;
        do
        :: place > 0 && OBJECT(SLOT_ME(place)) != MUTEX(l) -> place--
        :: else -> break
        od
    }
}

/*
 * The mutex says that I am not in it: an owner that is not me, or none and free. Looked at in one
 * step; only a signal handler that interrupted somebody who takes or unlocks finds it so.
 */
#define STALE_ME(e) \
    (OBJECT(e) > 0 && cell[LOCK(OBJECT(e) - 1)] != me + 1 && \
     (cell[OWNER(OBJECT(e) - 1)] != 0 || cell[LOCK(OBJECT(e) - 1)] == 0))

#define NO_PLACE PLACES

/* No other entry of mine has a claim on the gate. */
inline held_outermost(place, outermost)
{
    d_step {
        outermost = 1;
        do
        :: n <= NESTED_ME ->
            if
            :: n != place && CLAIMS(SLOT_ME(n), n) &&
               !STALE_ME(SLOT_ME(n)) -> outermost = 0
            :: else
            fi;
            n++
        :: else -> break
        od;
        n = 0
    }
}
