#include "python_locks.h"

#include <stdint.h>
#include <string.h>

#include "base/place.h"
#include "base/sys.h"
#include "core/runtime.h"
#include "core/section.h"

/* A method as the interpreter calls it, whatever of this it was declared with. */
typedef object *method_of(object *self, void *a, void *b, void *c);

enum role { TAKES, GIVES, TELLS };

/* Functions of several types share the interpreter's tables. */
typedef void any_function(void);

/* One method of a type: the interpreter's entry, and what it named before we did. */
struct door {
    const char *name;
    enum role role;
    method_of *ours, *original;
    struct method *method; /* found, and not ours yet */
};

enum { LOCK, RECURSIVE, TYPES, DOORS = 9, TYPE_WORDS = 16, SLOT_DEALLOC = 52 };

/* Guarded by the interpreter lock. The tables are those of the process, the types those of one life of it. */
static struct type {
    struct door doors[DOORS];
    object *type;
    void (*dealloc)(object *);
    method_of *is_locked, *is_owned, *release, *release_save;
} types[TYPES];

static struct {
    void *main; /* interpreter */
    object *no; /* False */
} constants;

/* Objects of other interpreters, which may have a lock of their own, aren't listed. */
static struct record *listed_thread(void)
{
    return python.PyInterpreterState_Get() == constants.main ? record_self() : NULL;
}

static int is_true(object *result)
{
    if (result)
        python.Py_DecRef(result);
    return result && result != constants.no;
}

static int succeeded(const object *result) { return result && result != constants.no; }

/* Waited for by who has it: somebody else will release it, so it guards nothing. */
static object *take_own(struct record *me, int place, const struct door *d, object *self, void **arguments)
{
    entry e = held_get(me, place);
    held_set(me, place, e | ENTRY_TRY);
    object *result = d->original(self, arguments[0], arguments[1], arguments[2]);
    if (succeeded(result))
        held_pop(me, place);
    else
        held_set(me, place, e);
    return result;
}

static void give_back(const struct type *t, const struct door *d, object *self)
{
    int all = strcmp(d->name, "_acquire_restore") == 0;
    is_true((all ? t->release_save : t->release)(self, NULL, NULL, NULL));
}

static object *take(const struct type *t, const struct door *d, object *self, void **arguments)
{
    struct record *me = listed_thread();
    int mine = me ? held_find(me, self, KIND_RUNTIME) : PLACE_NONE;
    if (mine != PLACE_NONE && t == &types[LOCK])
        return take_own(me, mine, d, self, arguments);
    int place = me && mine == PLACE_NONE ? section_try(me, self) : PLACE_OVER;
    for (;;) {
        if (place >= 0)
            section_pass(me, place);
        object *result = d->original(self, arguments[0], arguments[1], arguments[2]);
        if (place >= 0 && !succeeded(result))
            held_pop(me, place);
        if (place < 0 || !succeeded(result) || section_claim(me, place))
            return result;
        python.Py_DecRef(result);
        give_back(t, d, self);
    }
}

static object *give(const struct type *t, const struct door *d, object *self, void **arguments)
{
    object *result = d->original(self, arguments[0], arguments[1], arguments[2]);
    struct record *me = result ? listed_thread() : NULL;
    if (!me || (t->is_owned && is_true(t->is_owned(self, NULL, NULL, NULL))))
        return result;
    int place = held_find(me, self, KIND_RUNTIME);
    if (place != PLACE_NONE)
        held_pop(me, place);
    else
        held_disown(self, KIND_RUNTIME);
    return result;
}

static object *pass(struct type *t, int index, object *self, void *a, void *b, void *c)
{
    const struct door *d = &t->doors[index];
    return (d->role == TAKES ? take : give)(t, d, self, (void *[]){a, b, c});
}

/* A lock may end while it is taken: a signal that was waited for. */
static void end(struct type *t, object *self)
{
    if (is_true(t->is_locked(self, NULL, NULL, NULL)))
        held_disown(self, KIND_RUNTIME);
    t->dealloc(self);
}

static void end_lock(object *self) { end(&types[LOCK], self); }
static void end_recursive(object *self) { end(&types[RECURSIVE], self); }

#define DOOR(type, index)                                                                       \
    static object *type##index(object *self, void *a, void *b, void *c)                           \
    {                                                                                           \
        return pass(&types[type], index, self, a, b, c);                                        \
    }
DOOR(LOCK, 0) DOOR(LOCK, 1) DOOR(LOCK, 2) DOOR(LOCK, 3) DOOR(LOCK, 4) DOOR(LOCK, 5) DOOR(LOCK, 6)
DOOR(RECURSIVE, 0) DOOR(RECURSIVE, 1) DOOR(RECURSIVE, 2) DOOR(RECURSIVE, 3) DOOR(RECURSIVE, 4)
DOOR(RECURSIVE, 5) DOOR(RECURSIVE, 6)
#undef DOOR

static struct type types[TYPES] = {
    [LOCK] = {.doors = {{"acquire", TAKES, LOCK0, NULL, NULL},
                        {"acquire_lock", TAKES, LOCK1, NULL, NULL},
                        {"__enter__", TAKES, LOCK2, NULL, NULL},
                        {"release", GIVES, LOCK3, NULL, NULL},
                        {"release_lock", GIVES, LOCK4, NULL, NULL},
                        {"__exit__", GIVES, LOCK5, NULL, NULL},
                        {"_at_fork_reinit", GIVES, LOCK6, NULL, NULL},
                        {"locked", TELLS, NULL, NULL, NULL}}},
    [RECURSIVE] = {.doors = {{"acquire", TAKES, RECURSIVE0, NULL, NULL},
                             {"__enter__", TAKES, RECURSIVE1, NULL, NULL},
                             {"_acquire_restore", TAKES, RECURSIVE2, NULL, NULL},
                             {"release", GIVES, RECURSIVE3, NULL, NULL},
                             {"__exit__", GIVES, RECURSIVE4, NULL, NULL},
                             {"_release_save", GIVES, RECURSIVE5, NULL, NULL},
                             {"_at_fork_reinit", GIVES, RECURSIVE6, NULL, NULL},
                             {"locked", TELLS, NULL, NULL, NULL},
                             {"_is_owned", TELLS, NULL, NULL, NULL}}},
};

/* A bound method names the interpreter's entry in one of the first words after its head. */
static struct method *method_named(object *lock, const char *name)
{
    enum { WORDS = 6 };
    object *bound = python.PyObject_GetAttrString(lock, name);
    struct method *found = NULL;
    void *function = bound ? python.PyCFunction_GetFunction(bound) : NULL;
    for (int i = 2; function && !found && i < WORDS; i++) {
        struct method *m = ((struct method **)bound)[i];
        if (place_is_writable(m) && (void *)m->function == function && strcmp(m->name, name) == 0)
            found = m;
    }
    if (bound)
        python.Py_DecRef(bound);
    return found;
}

static int find_all(struct type *t, object *lock)
{
    for (struct door *d = t->doors; d < t->doors + DOORS && d->name; d++) {
        d->method = method_named(lock, d->name);
        if (!d->method)
            return 0;
    }
    return 1;
}

static method_of *original(const struct type *t, const char *name)
{
    for (const struct door *d = t->doors; d < t->doors + DOORS && d->name; d++)
        if (strcmp(d->name, name) == 0)
            return d->original;
    return NULL;
}

/* Each life of the interpreter has types of its own; the end of an object is named in the type. */
static int hook_end(struct type *t, object *type, void (*ours)(object *))
{
    void **words = (void **)type, *now = python.PyType_GetSlot(type, SLOT_DEALLOC);
    if (now == (void *)ours)
        return 1;
    for (int i = 0; now && i < TYPE_WORDS; i++)
        if (words[i] == now) {
            t->dealloc = (void (*)(object *))now;
            words[i] = (void *)ours;
            return 1;
        }
    return 0;
}

static void remember_originals(struct type *t)
{
    for (struct door *d = t->doors; d < t->doors + DOORS && d->name; d++)
        if ((any_function *)d->method->function != (any_function *)d->ours)
            d->original = (method_of *)(any_function *)d->method->function;
    t->is_locked = original(t, "locked");
    t->is_owned = original(t, "_is_owned");
    t->release = original(t, "release");
    t->release_save = original(t, "_release_save");
}

static void hook_methods(struct type *t)
{
    for (struct door *d = t->doors; d < t->doors + DOORS && d->name; d++)
        if (d->ours)
            d->method->function = (object * (*)(object *, object *)) (any_function *)d->ours;
}

static int is_locked(const void *lock)
{
    object *const *words = lock;
    for (struct type *t = types; t < types + TYPES; t++)
        if (t->type && (words[1] == t->type))
            return is_true(t->is_locked((object *)lock, NULL, NULL, NULL));
    return 0;
}

object *locks_hook(object *self_argument, object *arguments)
{
    (void)self_argument;
    object *lock = python.PySequence_GetItem(arguments, 0);
    object *kind = python.PySequence_GetItem(arguments, 1);
    struct type *t = &types[python.PyLong_AsUnsignedLongMask(kind) ? RECURSIVE : LOCK];
    object *type = python.PyObject_Type(lock);
    constants.main = python.PyInterpreterState_Get();
    constants.no = python.PyBool_FromLong(0);
    int hooked = find_all(t, lock);
    if (hooked)
        remember_originals(t);
    hooked = hooked && hook_end(t, type, t == types ? end_lock : end_recursive);
    if (hooked) {
        t->type = type;
        hook_methods(t);
        runtime.is_locked = is_locked;
    }
    python.Py_DecRef(kind);
    python.Py_DecRef(lock);
    python.PyErr_Clear();
    return python.PyBool_FromLong(hooked);
}
