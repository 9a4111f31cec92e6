#include "python_sections.h"

#include "core/section.h"

/* Taken by one thread and released by another, they fill a record until somebody finds out. */
enum { ENOUGH = SLOTS / 2 };

/* An object that is listed stays alive: its entry has a reference. */
object *section_begin(object *self_argument, object *arguments)
{
    (void)self_argument;
    struct record *me = record_self();
    object *taken = python.PySequence_GetItem(arguments, 0);
    object *guards = python.PySequence_GetItem(arguments, 1);
    int place = me && me->nested < ENOUGH ? section_try(me, taken) : PLACE_OVER;
    if (place >= 0 && python.PyLong_AsUnsignedLongMask(guards)) {
        do
            section_pass(me, place);
        while (!section_claim(me, place));
    } else if (place >= 0) {
        held_set(me, place, entry_of(taken, KIND_RUNTIME) | ENTRY_CHRONIC);
    }
    if (place < 0)
        python.Py_DecRef(taken);
    python.Py_DecRef(guards);
    return python.PyBool_FromLong(place >= 0);
}

object *section_end(object *self_argument, object *arguments)
{
    (void)self_argument;
    struct record *me = record_self();
    object *taken = python.PySequence_GetItem(arguments, 0);
    int place = me ? held_find(me, taken, KIND_RUNTIME) : PLACE_NONE, count = place >= 0;
    if (place >= 0)
        held_pop(me, place);
    else
        count = held_disown(taken, KIND_RUNTIME);
    for (int i = 0; i <= count; i++)
        python.Py_DecRef(taken);
    return python.PyBool_FromLong(place >= 0);
}

static void append(object *list, object *item)
{
    python.PyList_Append(list, item);
    python.Py_DecRef(item);
}

/* An older ghost's locks were mended in an earlier generation. */
static int is_of_last_fork(const struct record *r)
{
    return !record_is_ghost(r) || r->generation + 1 == process.generation;
}

object *section_list(object *self_argument, object *arguments)
{
    (void)self_argument, (void)arguments;
    object *list = python.PyList_New(0);
    for (struct record *r = record_first(); r; r = record_next(r))
        for (int i = is_of_last_fork(r) ? SLOTS + 1 : 0; i-- > 0;) {
            entry e = held_get(r, i);
            if (entry_kind(e) != KIND_RUNTIME || (e & ENTRY_TRY && !r->in_transit))
                continue;
            append(list, python.PyLong_FromUnsignedLong((unsigned long)r->thread));
            python.PyList_Append(list, entry_object(e));
        }
    return list;
}

object *section_count_seen(object *self_argument, object *arguments)
{
    (void)self_argument, (void)arguments;
    const struct record *me = record_self();
    int seen = 0;
    for (int i = me ? SLOTS : -1; i >= 0; i--)
        seen += entry_kind(held_get(me, i)) == KIND_SEMAPHORE && !(held_get(me, i) & ENTRY_TRY);
    return python.PyLong_FromLong(seen);
}
