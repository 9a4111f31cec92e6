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
#include "python_locks.h"
#include "python_sections.h"

enum stage { ABSENT, IN_PLACE, FAILED };

/* Guarded by the interpreter lock; the objects are those of one life of the interpreter. */
static struct {
    enum stage stage;
    object *look, *snapshot;
    object *threading, *util; /* the modules that were there at the last look */
    int looking;
    int holding; /* the interpreter ends, and its daemon threads are to hold still */
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
    hooks.holding = 1;
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
    return python.PyLong_FromLong(fork_begin_early());
}

static object *end_fork(object *self_argument, object *arguments)
{
    (void)self_argument, (void)arguments;
    fork_give_up();
    return none();
}

/*
 * Threads of its own that were to hold still would go on in an interpreter that is gone: those that do, and
 * those that sleep, and may have done so all the time. CPython ends them, or (3.14) has them hang, if they come
 * while it ends.
 */
static void leave_behind(void)
{
    for (struct record *r = record_first(); hooks.holding && r; r = record_next(r))
        if (!r->pass && (uintptr_t)r->start - runtime.code < runtime.code_end - runtime.code)
            r->left_behind = 1;
}

/* The last thing that an interpreter does. Its process may live on, and begin another one. */
static void interpreter_ended(void)
{
    hooks.stage = ABSENT;
    hooks.look = hooks.snapshot = hooks.threading = hooks.util = NULL;
    runtime.about_to_fork = NULL;
    leave_behind();
    hooks.holding = 0;
    exit_goes_on();
}

/* What the adapter's functions in Python call. */
static struct method methods[] = {
    {"join", join, METHOD_VARARGS, NULL},
    {"hold", hold, METHOD_VARARGS, NULL},
    {"lasts", lasts, METHOD_VARARGS, NULL},
    {"begin_fork", begin_fork, METHOD_VARARGS, NULL},
    {"end_fork", end_fork, METHOD_VARARGS, NULL},
    {"hook_lock", locks_hook, METHOD_VARARGS, NULL},
    {"section", section_begin, METHOD_VARARGS, NULL},
    {"section_end", section_end, METHOD_VARARGS, NULL},
    {"sections", section_list, METHOD_VARARGS, NULL},
    {"locks_seen", section_count_seen, METHOD_VARARGS, NULL},
};

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
    int done = put(names, "__builtins__", borrowed(python.PyEval_GetBuiltins())) &&
               put(names, "modules", borrowed(python.PyImport_GetModuleDict()));
    for (size_t i = 0; done && i < sizeof methods / sizeof *methods; i++)
        done = put(names, methods[i].name, python.PyCFunction_NewEx(&methods[i], NULL, NULL));
    return done;
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
    int is_whole = mode_closes() ? run(python_semaphore_source, names) && run(python_fork_source, names)
                                 : run(python_observe_source, names);
    if (!is_whole)
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
