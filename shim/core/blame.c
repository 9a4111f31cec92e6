#include "blame.h"

#include <errno.h>
#include <string.h>

#include "base/layout.h"
#include "base/ledger.h"
#include "base/libc.h"
#include "base/mapping.h"
#include "base/options.h"
#include "base/proc.h"
#include "base/sys.h"
#include "runtime.h"

enum { SAID = 16, SPARED = 256 };

static const char *const kinds[] = {
    [KIND_MUTEX] = "mutex",           [KIND_READ] = "rwlock (read)",
    [KIND_WRITE] = "rwlock (write)",  [KIND_SEMAPHORE] = "semaphore",
    [KIND_CONDITION] = "condition",   [KIND_SPIN] = "spinlock",
    [KIND_BARRIER] = "barrier",       [KIND_ONCE] = "once-routine",
    [KIND_GUARD] = "C++ static",      [KIND_FILE] = "stream",
    [KIND_LIBC] = "libc function",    [KIND_CUSTOM] = "lock of the program",
    [KIND_RUNTIME] = "lock of the interpreter"};

/* In these a thread may sleep for long, and the child has no trouble with them: see DESIGN.md. */
static const char *const harmless[] = {
    "getaddrinfo", "gethostbyname_r", "gethostbyname2_r", "gethostbyaddr_r", "getnameinfo",
    "getgrouplist", "innetgr", "dlopen", "dlmopen", "pclose", "popen", "fopen", "fopen64"};

const char *blame_kind(enum kind kind) { return kinds[kind]; }

static int is_harmless(const char *function)
{
    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
        if (strcmp(function, harmless[i]) == 0)
            return 1;
    return 0;
}

void blame_thread(struct finding *f, const struct record *r)
{
    f->tid = ((struct record *)r)->tid;
    f->start = r->start ? (const void *)r->start : (const void *)r->start_c11;
    memcpy(f->thread, r->name, sizeof f->thread);
}

void blame_ask_names(const struct record *me)
{
    for (struct record *r = ledger ? record_first() : NULL; r; r = record_next(r))
        if (r != me && !record_is_ghost(r) && record_state(r) == RECORD_LIVE &&
            (!r->name[0] || held_busy(r, 0)))
            proc_name(r->tid, r->name, sizeof r->name);
}

static const void *taken_at(const struct record *r, int place)
{
    return r->taken && place >= 0 ? r->taken[place] : NULL;
}

/* Written by the thread that is about to fork, with a runtime's lock. */
static struct {
    int count;
    const void *object[SPARED];
} spared;

void blame_spare(const void *object)
{
    if (!object)
        spared.count = 0;
    else if (spared.count < SPARED)
        spared.object[spared.count++] = object;
}

static int is_spared(const void *object)
{
    int i = 0;
    while (i < spared.count && spared.object[i] != object)
        i++;
    return i < spared.count || object == runtime.mutex; /* which the runtime makes anew */
}

/*
 * Some are left alone, and the child has no trouble with them until it uses them: what is waited for
 * without hope anyway, and semaphores, which their users make anew more often than not (the locks of
 * CPython up to 3.12).
 */
static int is_judged_by_use(enum kind kind, int mended)
{
    return kind == KIND_CONDITION || kind == KIND_BARRIER || (kind == KIND_SEMAPHORE && !mended);
}

void blame_ghost(const struct record *ghost, int place, int mended)
{
    entry e = held_get(ghost, place);
    enum kind kind = entry_kind(e);
    if (!ledger || is_judged_by_use(kind, mended) || held_for_life(e))
        return;
    const void *object = entry_object(e);
    if (is_spared(object))
        return;
    struct finding f = {.kind = FOUND_HELD, .pid = sys_getpid(), .mended = mended,
                        .what = kinds[kind], .object = object};
    if (kind == KIND_LIBC) {
        f.kind = FOUND_LIBC;
        f.what = libc_name(object);
        f.object = NULL;
        if (is_harmless(f.what))
            return;
    }
    blame_thread(&f, ghost);
    f.taken = taken_at(ghost, place);
    ledger_tell(&f);
}

/* Locks that the child got mended may be held by its own threads: only what a mutex itself says counts. */
static int is_held_by(const struct record *ghost, const void *object, enum kind kind)
{
    if (kind == KIND_MUTEX) {
        const pthread_mutex_t *m = object;
        return m->__data.__owner == ((struct record *)ghost)->tid;
    }
    return options.mode == MODE_OBSERVE;
}

const struct record *blame_holder(const void *object, enum kind kind, int *place)
{
    int is_rwlock = kind == KIND_READ || kind == KIND_WRITE;
    for (struct record *r = record_first(); r; r = record_next(r)) {
        if (!record_is_ghost(r))
            continue;
        int found = held_find(r, object, is_rwlock ? KIND_WRITE : kind);
        if (is_rwlock && (found < 0 || held_get(r, found) & ENTRY_TRY))
            found = held_find(r, object, KIND_READ);
        if (found >= 0 && !(held_get(r, found) & ENTRY_TRY) && is_held_by(r, object, kind)) {
            *place = found;
            return r;
        }
    }
    return NULL;
}

static int is_first_time(const void *object)
{
    static const void *_Atomic said[SAID];
    for (int i = 0; i < SAID; i++) {
        const void *nothing = NULL;
        if (said[i] == object)
            return 0;
        if (!said[i] && atomic_compare_exchange_strong(&said[i], &nothing, object))
            return 1;
    }
    return 0;
}

static void tell(enum finding_kind found, const void *object, enum kind kind, const void *site,
                 const struct record *ghost, int place)
{
    struct finding f = {.kind = found, .pid = sys_getpid(), .what = kinds[kind], .object = object,
                        .at = site, .taken = taken_at(ghost, place)};
    blame_thread(&f, ghost);
    if (!is_first_time(object))
        return;
    if (kind == KIND_LIBC) {
        f.what = libc_name(object);
        f.object = NULL;
    }
    ledger_add(&f);
    finding_say(&f);
}

void blame_wait(const void *object, enum kind kind, const void *site)
{
    int saved_errno = errno, place;
    const struct record *ghost =
        mapping_of(object) == MAPPING_PRIVATE ? blame_holder(object, kind, &place) : NULL;
    if (ghost)
        tell(FOUND_WAITS, object, kind, site, ghost, place);
    errno = saved_errno;
}

void blame_call(void *const *function, const void *site)
{
    int saved_errno = errno;
    for (struct record *r = record_first(); r; r = record_next(r)) {
        int place = record_is_ghost(r) ? held_find(r, function, KIND_LIBC) : PLACE_NONE;
        if (place < 0 || held_get(r, place) & ENTRY_TRY || is_harmless(libc_name(function)))
            continue;
        tell(FOUND_CALLS, function, KIND_LIBC, site, r, place);
        break;
    }
    errno = saved_errno;
}

/*
 * More threads wait in it, by its own word, than are here: a program that made it anew in the child has
 * no trouble with it.
 */
static int has_ghosts(const void *condition)
{
    enum { WAITER = 8 };
    if (layout.condition_wrefs < 0)
        return 0;
    uint32_t waiting = ((const uint32_t *)condition)[layout.condition_wrefs] / WAITER;
    for (struct record *r = record_first(); r && waiting; r = record_next(r))
        waiting -= !record_is_ghost(r) && held_find(r, condition, KIND_CONDITION) >= 0;
    return waiting != 0;
}

void blame_condition(const void *condition, const void *site)
{
    int saved_errno = errno;
    for (struct record *r = options.mode == MODE_OBSERVE ? record_first() : NULL; r; r = record_next(r)) {
        int place = record_is_ghost(r) ? held_find(r, condition, KIND_CONDITION) : PLACE_NONE;
        if (place < 0 || mapping_of(condition) != MAPPING_PRIVATE ||
            !has_ghosts(condition))
            continue;
        tell(FOUND_CONDITION, condition, KIND_CONDITION, site, r, place);
        break;
    }
    errno = saved_errno;
}
