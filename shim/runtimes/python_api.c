#include "python_api.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/elf.h"
#include "base/place.h"
#include "base/sys.h"
#include "core/runtime.h"

enum { required = 1, optional = 0 };
enum { THREAD_STATE_WORDS = 64 };

struct python python;

/* The word of a thread state that says whose it is; found in the first one that is seen. */
static _Atomic int thread_word = -1;

static void *current_state(void)
{
    return python.PyThreadState_GetUnchecked ? python.PyThreadState_GetUnchecked()
                                             : python._PyThreadState_UncheckedGet();
}

/*
 * PyGILState_Check says yes to everybody once there was a second interpreter. The state of another
 * thread may be freed while we look; what is read then is not our own name.
 */
static int holds_lock(void)
{
    const uintptr_t *state = current_state(), me = (uintptr_t)pthread_self();
    if (!state)
        return 0;
    int word = thread_word;
    if (word >= 0)
        return sys_readable(&state[word]) && state[word] == me;
    if (!python.PyGILState_Check())
        return 0;
    for (int i = 0; i < THREAD_STATE_WORDS && sys_readable(&state[i]); i++)
        if (state[i] == me) {
            thread_word = i;
            break;
        }
    return 1;
}

static int complete(void)
{
    int missing = !python._PyThreadState_UncheckedGet && !python.PyThreadState_GetUnchecked;
#define PYTHON(result, name, parameters, need) missing += need && !python.name;
#include "python_api.def"
#undef PYTHON
    return !missing;
}

static void look_up(void)
{
    struct elf_name names[] = {
#define PYTHON(result, name, parameters, need) {#name, (void **)&python.name, 0},
#include "python_api.def"
#undef PYTHON
    };
    elf_fill_bound("libpython", names, sizeof names / sizeof *names);
}

/* Several threads may do the same at once, with the same result. */
int python_find(void)
{
    static const void *_Atomic newest;
    static _Atomic unsigned looked_at = ELF_AT_ANY_TIME;
    if (runtime.present)
        return 1;
    unsigned opened = elf_opened;
    if (LIKELY(opened == looked_at) && !(opened & ELF_AT_ANY_TIME))
        return 0;
    const void *now = elf_newest();
    if (!now)
        return 0;
    looked_at = opened;
    if (now == newest)
        return 0;
    look_up();
    newest = now;
    if (!complete())
        return 0;
    struct place_code code = place_code_of((const void *)python.PyEval_SaveThread);
    runtime.code = code.begin;
    runtime.code_end = code.end;
    runtime.holds_lock = holds_lock;
    runtime.release = python.PyEval_SaveThread;
    runtime.take = python.PyEval_RestoreThread;
    runtime.keeps_lock_at_fork = python.PyThreadState_GetUnchecked != NULL; /* 3.13 */
    runtime.present = 1;
    return 1;
}

int python_is_ending(void)
{
    return !python.Py_IsInitialized() || (python._Py_IsFinalizing && python._Py_IsFinalizing()) ||
           (python.Py_IsFinalizing && python.Py_IsFinalizing());
}
