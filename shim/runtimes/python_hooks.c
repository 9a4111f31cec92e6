#include "python_hooks.h"

#include <stddef.h>

#include "base/options.h"
#include "base/report.h"
#include "base/sys.h"
#include "core/blame.h"
#include "core/gate.h"
#include "core/runtime.h"
#include "protocol/atwork.h"
#include "protocol/exit.h"
#include "protocol/fork.h"
#include "python_api.h"

enum stage { ABSENT, IN_PLACE, FAILED };

/* Guarded by the interpreter lock; the objects are those of one life of the interpreter. */
static struct {
    enum stage stage;
    object *look, *snapshot;
    object *threading, *util; /* the modules that were there at the last look */
    int looking;
} hooks;

/* For each ident in the sequence, the thread's record. */
static void each_thread(object *idents, void (*act)(struct record *))
{
    ssize_t count = python.PyObject_Size(idents);
    for (ssize_t i = 0; i < count; i++) {
        object *ident = python.PySequence_GetItem(idents, i);
        if (!ident)
            continue;
        struct record *r = record_of((pthread_t)python.PyLong_AsUnsignedLongMask(ident));
        python.Py_DecRef(ident);
        if (r)
            act(r);
    }
    python.PyErr_Clear();
}

static void set_all(int pass)
{
    for (struct record *r = record_first(); r; r = record_next(r)) {
        r->pass = pass || r->class == CLASS_LEFT;
        r->meant_to_end = 0;
    }
}

static void mean_to_end(struct record *r) { r->meant_to_end = 1; }
static void let_gate_stop(struct record *r) { r->pass = 0; }

static object *none(void) { return python.PyLong_FromLong(0); }

/* Threads that aren't daemons are waited for, bounded, without the interpreter lock. */
static object *join(object *self_argument, object *arguments)
{
    (void)self_argument;
    const struct record *me = record_self();
    object *idents = python.PySequence_GetItem(arguments, 0);
    if (!idents || !me || !mode_closes())
        return none();
    set_all(0);
    each_thread(idents, mean_to_end);
    python.Py_DecRef(idents);
    void *state = runtime.release();
    join_threads_at_work(me, MEANT_TO_END, options.exit_join_ms);
    runtime.take(state);
    return none();
}

/* Those threads hold still from here on; all others go on until the process itself ends. */
static object *hold(object *self_argument, object *arguments)
{
    (void)self_argument;
    object *idents = python.PySequence_GetItem(arguments, 0);
    if (!idents || !record_self())
        return none();
    set_all(1);
    each_thread(idents, let_gate_stop);
    python.Py_DecRef(idents);
    exit_hold_early();
    return none();
}

/* A lock that a thread has for life. Its semaphore is named by one of the first words of the object. */
static object *lasts(object *self_argument, object *arguments)
{
    (void)self_argument;
    enum { WORDS = 4 };
    object *lock = python.PySequence_GetItem(arguments, 0);
    const void *const *words = (const void *const *)lock;
    for (int i = 2; words && i < WORDS; i++)
        if (words[i]) {
            held_lasts(words[i], KIND_SEMAPHORE);
            blame_spare(words[i]);
        }
    if (lock)
        python.Py_DecRef(lock);
    return none();
}

/* begin_fork(), end_fork(): before and after, with the interpreter lock and no other one. */
static object *begin_fork(object *self_argument, object *arguments)
{
    (void)self_argument, (void)arguments;
    fork_begin_early();
    return none();
}

static object *end_fork(object *self_argument, object *arguments)
{
    (void)self_argument, (void)arguments;
    fork_give_up();
    return none();
}

/* A frame object: reference count, type, the outer frame, and where its locals and its stack are. */
enum { FRAME_INSIDE = 3, FRAME_HEAD = 24, TAGS = 3 };

static ssize_t first_local; /* index of a frame's first local, in words */

static uintptr_t word_of_frame(object *frame, ssize_t i)
{
    const uintptr_t *inside = ((const uintptr_t *const *)frame)[FRAME_INSIDE];
    return sys_readable(&inside[i]) ? inside[i] & ~(uintptr_t)TAGS : 0;
}

/* find_locals(frame, object): object is the frame's first local. Tells whether it was found. */
static object *find_locals(object *self_argument, object *arguments)
{
    (void)self_argument;
    object *frame = python.PySequence_GetItem(arguments, 0);
    object *wanted = python.PySequence_GetItem(arguments, 1);
    ssize_t i = 0;
    while (i < FRAME_HEAD && word_of_frame(frame, i) != (uintptr_t)wanted)
        i++;
    first_local = i;
    python.Py_DecRef(frame);
    python.Py_DecRef(wanted);
    return python.PyBool_FromLong(i < FRAME_HEAD);
}

/* stack(frame, i): a new reference to what is there. */
static object *stack(object *self_argument, object *arguments)
{
    (void)self_argument;
    object *frame = python.PySequence_GetItem(arguments, 0);
    object *index = python.PySequence_GetItem(arguments, 1);
    ssize_t i = (ssize_t)python.PyLong_AsUnsignedLongMask(index);
    object *found = (object *)word_of_frame(frame, first_local + i);
    python.Py_DecRef(frame);
    python.Py_DecRef(index);
    if (!found)
        return python.PyBool_FromLong(0);
    python.Py_IncRef(found);
    return found;
}

/* The last thing that an interpreter does. Its process may live on, and begin another one. */
static void interpreter_ended(void)
{
    hooks.stage = ABSENT;
    hooks.look = hooks.snapshot = hooks.threading = hooks.util = NULL;
    runtime.about_to_fork = NULL;
    exit_goes_on();
}

static struct method join_method = {"join", join, METHOD_VARARGS, NULL};
static struct method hold_method = {"hold", hold, METHOD_VARARGS, NULL};
static struct method lasts_method = {"lasts", lasts, METHOD_VARARGS, NULL};
static struct method begin_fork_method = {"begin_fork", begin_fork, METHOD_VARARGS, NULL};
static struct method end_fork_method = {"end_fork", end_fork, METHOD_VARARGS, NULL};
static struct method find_locals_method = {"find_locals", find_locals, METHOD_VARARGS, NULL};
static struct method stack_method = {"stack", stack, METHOD_VARARGS, NULL};

/* Gives the object, a new reference or NULL, to the dictionary. */
static int put(object *names, const char *name, object *value)
{
    int failed = !value || python.PyDict_SetItemString(names, name, value) != 0;
    if (value)
        python.Py_DecRef(value);
    return !failed;
}

static object *borrowed(object *value)
{
    if (value)
        python.Py_IncRef(value);
    return value;
}

static int fill(object *names)
{
    object *modules = python.PyImport_GetModuleDict();
    return put(names, "__builtins__", borrowed(python.PyEval_GetBuiltins())) &&
           put(names, "modules", borrowed(modules)) &&
           put(names, "join", python.PyCFunction_NewEx(&join_method, NULL, NULL)) &&
           put(names, "begin_fork", python.PyCFunction_NewEx(&begin_fork_method, NULL, NULL)) &&
           put(names, "end_fork", python.PyCFunction_NewEx(&end_fork_method, NULL, NULL)) &&
           put(names, "find_locals", python.PyCFunction_NewEx(&find_locals_method, NULL, NULL)) &&
           put(names, "stack", python.PyCFunction_NewEx(&stack_method, NULL, NULL)) &&
           put(names, "lasts", python.PyCFunction_NewEx(&lasts_method, NULL, NULL)) &&
           put(names, "hold", python.PyCFunction_NewEx(&hold_method, NULL, NULL));
}

/* Only the main interpreter's threads outlive its end. */
static int is_main_interpreter(void)
{
    return python.PyInterpreterState_GetID(python.PyInterpreterState_Get()) == 0;
}

static int run(const char *source, object *names)
{
    object *code = python.Py_CompileString(source, "<holdstill>", COMPILE_FILE);
    object *result = code ? python.PyEval_EvalCode(code, names, names) : NULL;
    if (code)
        python.Py_DecRef(code);
    if (result)
        python.Py_DecRef(result);
    return result != NULL;
}

/* The forking thread has the interpreter lock, and the gate is closed. */
static void about_to_fork(void)
{
    blame_spare(NULL);
    object *result = hooks.snapshot && !hooks.looking && !python_is_ending() && is_main_interpreter()
                         ? python.PyObject_CallObject(hooks.snapshot, NULL)
                         : NULL;
    if (result)
        python.Py_DecRef(result);
    python.PyErr_Clear();
}

static enum stage begin(void)
{
    object *names = python.PyDict_New();
    if (!names || !fill(names) || !run(python_source, names))
        return FAILED;
    if (!run(mode_closes() ? python_fork_source : python_observe_source, names))
        return FAILED;
    hooks.look = borrowed(python.PyDict_GetItemString(names, "look"));
    hooks.snapshot = borrowed(python.PyDict_GetItemString(names, "snapshot_at_door"));
    python.Py_DecRef(names);
    if (!hooks.look || python.Py_AtExit(interpreter_ended) != 0)
        return FAILED;
    runtime.about_to_fork = hooks.snapshot ? about_to_fork : NULL;
    return IN_PLACE;
}

static void look(void)
{
    object *modules = python.PyImport_GetModuleDict();
    object *threading = python.PyDict_GetItemString(modules, "threading");
    object *util = python.PyDict_GetItemString(modules, "multiprocessing.util");
    if (!threading || (threading == hooks.threading && util == hooks.util))
        return;
    if (hooks.stage == ABSENT)
        hooks.stage = begin();
    report_count(&report.adapters_failed, hooks.stage == FAILED);
    if (hooks.stage != IN_PLACE)
        return;
    object *result = python.PyObject_CallObject(hooks.look, NULL);
    if (!result)
        return;
    python.Py_DecRef(result);
    hooks.threading = threading;
    hooks.util = util;
}

void python_install(void)
{
    object *type, *value, *trace;
    if (hooks.stage == FAILED || hooks.looking || python_is_ending() || !is_main_interpreter())
        return;
    hooks.looking = 1;
    python.PyErr_Fetch(&type, &value, &trace);
    look();
    python.PyErr_Clear();
    python.PyErr_Restore(type, value, trace);
    hooks.looking = 0;
}
