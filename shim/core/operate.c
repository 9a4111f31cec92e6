#include "operate.h"

#include "base/elf.h"
#include "blame.h"
#include "wait.h"

/* An entry that leaves with its scope. */
struct operation {
    struct record *me;
    int place;
    struct waiting waiting;
};

static void operation_end(struct operation *o)
{
    wait_leave(&o->waiting);
    held_pop(o->me, o->place);
}

int wait_barrier(pthread_barrier_t *barrier, const void *site)
{
    struct record *me = record_self();
    if (!me)
        return libc.pthread_barrier_wait(barrier);
    gate_look_for_unseen_fork();
    struct operation o __attribute__((cleanup(operation_end))) = {.me = me};
    o.place = held_push(me, entry_of(barrier, KIND_BARRIER) | ENTRY_TRY);
    held_note(me, o.place, site);
    wait_enter(&o.waiting, me, WAIT_UNTIMED, site);
    CHAOS("barrier: before the wait");
    int result = libc.pthread_barrier_wait(barrier);
    CHAOS("barrier: crossed");
    o.waiting.progress = 1;
    return result;
}

/* From here on I am in it: entry, FENCE, gate. */
static void enter(struct record *me, int place, entry e)
{
    CHAOS("enter: before the claim");
    held_set(me, place, e);
    held_fence();
    CHAOS("enter: claimed");
    while (__builtin_expect(gate_closed(me) != 0, 0) && gate_stops(me, place)) {
        held_set(me, place, e | ENTRY_TRY);
        gate_hold(me);
        held_set(me, place, e);
        held_fence();
    }
}

void busy_begin(struct busy *b, void *const *function, const void *site)
{
    b->me = record_self();
    if (!*function)
        libc_find(function); /* by name at its first call, or its library was loaded after we woke up */
    if (!b->me)
        return;
    gate_look_for_unseen_fork();
    if (__builtin_expect(b->me->owns & OWNS_GHOSTS, 0))
        blame_call(function, site);
    const entry e = entry_of(function, KIND_LIBC);
    b->place = held_push(b->me, e);
    held_note(b->me, b->place, site);
    enter(b->me, b->place, e);
}

void busy_end(struct busy *b)
{
    CHAOS("busy: before it ends");
    if (b->me)
        held_pop(b->me, b->place);
}

void load_conversion(locale_t locale)
{
    enum { NOT_ASCII = 0x80 };
    __typeof__(uselocale) *use = elf_next("uselocale");
    __typeof__(btowc) *convert = elf_next("btowc");
    if (!locale || !use || !convert)
        return;
    locale_t before = use(locale);
    convert(NOT_ASCII);
    use(before);
}

/* libc calls the routine without an argument: it finds its call by the thread's record. */
struct once {
    struct record *me;
    int place;
    pthread_once_t *control;
    void (*routine)(void);
    struct once *outer;
};

static void once_end(struct once *o)
{
    o->me->once = o->outer;
    CHAOS("once: done");
    held_pop(o->me, o->place);
}

static void run_routine(void)
{
    struct once *o = self->once;
    enter(o->me, o->place, entry_of(o->control, KIND_ONCE));
    o->routine();
}

int run_once(pthread_once_t *control, void (*routine)(void))
{
    enum { DONE = 2 };
    struct record *me = record_self();
    if (!me || __atomic_load_n((int *)control, __ATOMIC_ACQUIRE) & DONE)
        return libc.pthread_once(control, routine);
    gate_look_for_unseen_fork();
    struct once o __attribute__((cleanup(once_end))) = {.me = me, .control = control};
    o.place = held_push(me, entry_of(control, KIND_ONCE) | ENTRY_TRY);
    o.routine = routine;
    o.outer = me->once;
    me->once = &o;
    return libc.pthread_once(control, run_routine);
}

/* The C++ runtime may have been loaded after we woke up. */
static void find_runtime(void)
{
    if (!libc.__cxa_guard_acquire)
        libc_resolve();
}

int guard_acquire(uint64_t *guard, const void *site)
{
    struct record *me = record_self();
    find_runtime();
    if (!me)
        return libc.__cxa_guard_acquire(guard);
    gate_look_for_unseen_fork();
    const entry e = entry_of(guard, KIND_GUARD);
    int place = held_push(me, e | ENTRY_TRY);
    held_note(me, place, site);
    for (;;) {
        gate_pass(me, place);
        int mine = libc.__cxa_guard_acquire(guard);
        CHAOS("guard: libc answered");
        if (!mine) {
            held_pop(me, place);
            return 0;
        }
        held_set(me, place, e);
        held_fence();
        if (__builtin_expect(!gate_closed(me), 1) || !gate_stops(me, place))
            return mine;
        held_set(me, place, e | ENTRY_TRY);
        libc.__cxa_guard_abort(guard);
    }
}

void guard_end(uint64_t *guard, void (*end)(uint64_t *))
{
    struct record *me = record_self();
    find_runtime();
    int place = me ? held_find(me, guard, KIND_GUARD) : PLACE_NONE;
    end(guard);
    CHAOS("guard: ended");
    if (me)
        held_pop(me, place);
}

/* A lock for whose reset there is no room is awaited all the same. */
static void remember_reset(struct record *me, void *lock, void (*reset)(void *))
{
    for (int i = 0; i < CUSTOMS; i++)
        if (!me->customs[i].lock) {
            me->customs[i] = (struct custom){lock, reset};
            return;
        }
}

/* Such a lock may be a single byte; entries name words. */
static const void *word_of(const void *lock)
{
    return (const void *)((uintptr_t)lock & ~(uintptr_t)ENTRY_MARKS);
}

void custom_begin(void *lock, void (*reset)(void *))
{
    struct record *me = record_self();
    if (!me)
        return;
    if (reset)
        remember_reset(me, lock, reset);
    const entry e = entry_of(word_of(lock), KIND_CUSTOM);
    enter(me, held_push(me, e), e);
}

void custom_end(const void *lock)
{
    struct record *me = record_self();
    if (!me)
        return;
    held_pop(me, held_find(me, word_of(lock), KIND_CUSTOM));
    for (int i = CUSTOMS - 1; i >= 0; i--)
        if (me->customs[i].lock == lock) {
            me->customs[i].lock = NULL;
            return;
        }
}
