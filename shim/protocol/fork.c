#include "fork.h"

#include <errno.h>
#include <string.h>

#include "base/ledger.h"
#include "base/libc.h"
#include "base/options.h"
#include "base/place.h"
#include "base/proc.h"
#include "base/report.h"
#include "base/say.h"
#include "base/signals.h"
#include "base/stopwatch.h"
#include "base/sys.h"
#include "base/trace.h"
#include "core/await.h"
#include "core/blame.h"
#include "core/operate.h"
#include "core/openmp.h"
#include "core/repair.h"
#include "core/runtime.h"
#include "core/section.h"
#include "core/wait.h"
#include "exit.h"
#include "orphans.h"
#include "streams.h"
#include "stuck.h"

enum { BEGINNINGS = 3, AGAIN_US = 30, QUEUE_LOOK_US = 10 * 1000, QUEUE_LIMIT_US = 2 * 1000 * 1000 };

/*
 * One fork at a time. `turn` is a lock (0 free, 1 taken, 2 with waiters) from F1 to F9, held by
 * `owner`; the outermost of our locks.
 */
static struct {
    _Atomic int turn;
    struct record *_Atomic owner;
    _Atomic unsigned turns; /* so many are over */
} forking AT_FORK;

/*
 * The owner waits in a prepare handler: it may wait for a thread that is queued here. One that only gets no CPU
 * before it has closed the gate, or since it has opened it, is asleep in nothing; nor is one that awaits the others:
 * it may open the gate for a while, and closes it again.
 */
static int owner_waits(void)
{
    struct record *owner = forking.owner;
    if (!owner || gate & GATE_FORK || owner->awaiting)
        return 0;
    int state = proc_state(owner->tid);
    return state == 'S' || state == STATE_UNKNOWN;
}

static int try_turn(void)
{
    int expected = 0;
    return atomic_compare_exchange_strong(&forking.turn, &expected, 1);
}

/* On a loaded machine turns take long: does the owner get on, or want to? */
static int queue_moves(unsigned *turns)
{
    struct record *owner = forking.owner;
    int state = owner ? proc_state(owner->tid) : 'R';
    int moves = forking.turns != *turns || state == 'R' || state == 'D';
    *turns = forking.turns;
    return moves;
}

/* Until it has the turn; or it stops waiting. */
static int queue_for_turn(void)
{
    struct stopwatch watch = stopwatch_start();
    int64_t moved = 0;
    unsigned turns = forking.turns;
    while (atomic_exchange(&forking.turn, 2) != 0) {
        int64_t waited = stopwatch_look(&watch);
        if (waited > QUEUE_LOOK_US && owner_waits())
            return 0;
        if (waited - moved > QUEUE_LIMIT_US) {
            if (!queue_moves(&turns) || waited > QUEUE_LIMIT_US * STARVED_FACTOR)
                return 0;
            moved = waited;
        }
        sys_futex_wait(&forking.turn, 2, QUEUE_LOOK_US);
    }
    return 1;
}

/* F1. Fails when the owner doesn't get on: then this fork goes its way as it would bare. */
static int take_turn(struct record *me)
{
    CHAOS("F1: before the turn");
    int taken = try_turn();
    if (!taken) {
        me->queued = 1;
        taken = queue_for_turn();
        me->queued = 0;
    }
    return taken;
}

static void leave_turn(void)
{
    forking.owner = NULL;
    forking.turns++;
    CHAOS("F9: before the turn is given");
    if (atomic_exchange(&forking.turn, 0) == 2)
        sys_futex_wake(&forking.turn, 1);
}

static void rested(int64_t began, int given_up)
{
    report_rest(sys_now_us() - began, given_up);
    TRACE(.phase = TRACE_WHOLE, .name = "coming to rest", .category = "fork", .began = began,
          .counted = "not at rest", .count = given_up);
}

/* F2, F3 */
static void come_to_rest(struct record *me)
{
    int64_t began = sys_now_us();
    CHAOS("F2: before the gate closes");
    gate_close(me, GATE_FORK);
    rested(began, await_stillness(me, GATE_FORK, options.fork_wait_ms));
}

static int begin(struct record *me)
{
    if (!take_turn(me))
        return 0;
    CHAOS("F1: turn taken");
    forking.owner = me;
    come_to_rest(me);
    CHAOS("F3: at rest");
    return 1;
}

/*
 * Is all still, now that we have the runtime's lock? Who held still for long has let himself go while we waited
 * for it: the gate is closed again then.
 */
static int rests(struct record *me, int given_up)
{
    if (gate & GATE_FORK)
        return given_up || !is_anybody_busy(me, 1);
    CHAOS("F2: open when the lock came");
    gate_close(me, GATE_FORK);
    return !is_anybody_busy(me, 0);
}

/*
 * F2, F3 for a thread that holds a runtime's lock: others need it to leave their critical sections,
 * so it is given up meanwhile. Who has the lock when we want it back is
 * no critical section's thread, but may enter one (a lock of another library) until we have it. That wait
 * doesn't count: on a loaded machine it may take longer than all of ours. Fails as take_turn.
 */
static int come_to_rest_with_lock(struct record *me, int turn)
{
    int64_t began = sys_now_us(), spent = 0;
    int given_up = 0;
    do {
        CHAOS("F2: with a runtime's lock");
        void *state = runtime.release();
        int64_t from = sys_now_us();
        turn = turn || take_turn(me);
        if (turn) {
            forking.owner = me;
            gate_close(me, GATE_FORK);
            given_up = await_stillness(me, GATE_FORK, options.fork_wait_ms - spent);
        }
        if (spent)
            sys_sleep_us(AGAIN_US); /* whoever is on his way to the lock gets there first */
        spent += sys_now_us() - from;
        CHAOS("F3: before a runtime's lock is taken");
        runtime.take(state);
    } while (turn && !rests(me, given_up) && spent < options.fork_wait_ms &&
             sys_now_us() - began < options.fork_wait_ms * STARVED_FACTOR);
    if (turn)
        rested(began, given_up);
    return turn;
}

/* The same where all may be still anyway: the runtime's lock is kept. */
static int begin_with_lock(struct record *me)
{
    int turn = forking.owner == me || try_turn();
    if (turn) {
        forking.owner = me;
        gate_close(me, GATE_FORK);
        if (!is_anybody_busy(me, 0)) {
            rested(sys_now_us(), 0);
            return 1;
        }
    }
    return come_to_rest_with_lock(me, turn);
}

static int is_begun(const struct record *me) { return forking.owner == me && gate & GATE_FORK; }

/* F9 */
static void finish(struct record *me)
{
    CHAOS("F9: before the gate opens");
    gate_open(GATE_FORK);
    CHAOS("F9: open");
    gate_disown(me, GATE_FORK);
    leave_turn();
}

int fork_begin_early(void)
{
    struct record *me = record_self();
    if (!me || !mode_closes() || process_is_vfork_child() || !runtime_holds_lock())
        return 0;
    gate_look_for_unseen_fork();
    return is_begun(me) ? 0 : begin_with_lock(me);
}

void fork_give_up(void)
{
    if (self && forking.owner == self)
        finish(self);
}

/* The runtime may give its lock to others meanwhile, and the gate open. */
static int begin_in_runtime(struct record *me)
{
    int turn = 1;
    for (int i = 0; turn && !is_begun(me) && i < BEGINNINGS; i++) {
        turn = begin_with_lock(me);
        if (turn && runtime.about_to_fork)
            runtime.about_to_fork();
    }
    return turn;
}

static int may_give_up_lock(void) { return runtime_holds_lock() && !runtime.keeps_lock_at_fork; }

/* The gate opened since; or a signal handler came to it. */
static void begin_again(struct record *me)
{
    if (may_give_up_lock())
        begin_in_runtime(me);
    else
        come_to_rest(me);
}

/* F5: the last prepare handler. A fork that passed no door of ours begins here. */
static void prepare(void)
{
    int saved_errno = errno;
    struct record *me = record_self();
    CHAOS("F5: the last prepare handler");
    if (me && forking.owner != me && mode_closes())
        begin(me);
    report_count(&report.forks, !mode_closes());
    orphans_prepare();
    if (options.flush_on_fork)
        streams_flush(); /* a slow reader may open the gate */
    if (me && forking.owner == me && (!(gate & GATE_FORK) || gate_holds_handlers()))
        begin_again(me);
    if (me && forking.owner == me)
        openmp_look_at_all();
    if (me)
        blame_ask_names(me);
    if (runtime_holds_lock())
        section_note_transits(me);
    streams_note();
    if (me && forking.owner == me)
        gate_leaves_to_libc(); /* who forks without a turn says nothing of the owner */
    CHAOS("F6: before the copy");
    errno = saved_errno;
}

/* F9: the first of the parent's handlers; a failed fork comes here too. */
static void parent(void)
{
    int saved_errno = errno;
    struct record *me = self;
    CHAOS("F9: the first of the parent's handlers");
    if (me && forking.owner == me)
        finish(me);
    errno = saved_errno;
}

/* mode=strict: what may be half written is not to be used. */
static void child_may_end(void)
{
    if (options.mode != MODE_STRICT || !process.torn)
        return;
    ledger_say_all();
    say("process ", say_number(process.pid), ": its data may be torn; it ends (mode=strict)");
    if (ledger)
        ledger->status = STATUS_ENDED;
    report_write();
    signals_end(options.strict_end == STRICT_ABORT, STATUS_ENDED);
}

/* F7: the first of the child's handlers. Mend before the gate opens. */
IN_CHILD static void child(void)
{
    struct record *me = self;
    int *error = me ? me->error : &errno, saved_errno = *error;
    int old_tid = me ? me->tid : 0;
    CHAOS("F7: the first of the child's handlers");
    *process.present = 1;
    process.pid = sys_getpid();
    if (me)
        me->tid = sys_gettid();
    report_reset();
    ledger_child_begins();
    int mended = repair_child(me, old_tid, options.mode == MODE_OBSERVE);
    ledger_child_ends();
    report_count(&report.mended, options.mode == MODE_OBSERVE ? 0 : mended);
    trace_process();
    TRACE(.phase = TRACE_INSTANT, .name = "child", .category = "fork", .counted = "mended",
          .count = mended);
    CHAOS("F7: mended");
    exit_forget(me);
    orphans_bind();
    if (options.flush_on_fork)
        streams_forget();
    forking.owner = NULL;
    forking.turn = 0;
    gate_reset(me);
    CHAOS("F7: open");
    if (me && (process.torn || options.mode == MODE_OBSERVE))
        me->owns |= OWNS_GHOSTS;
    child_may_end();
    stuck_watch();
    *error = saved_errno;
}

void fork_start(void)
{
    gate_unseen_child = child;
    libc.__register_atfork(prepare, parent, child, NULL);
}

/* Is the library named in skip_atfork, by its file name up to the first dot or whole? */
static int is_skipped(const char *library)
{
    size_t stem = strcspn(library, ".");
    for (const char *list = options.skip_atfork; *list; list += strspn(list, ",")) {
        size_t size = strcspn(list, ",");
        if (size && strncmp(list, library, size) == 0 && (size == stem || !library[size]))
            return 1;
        list += size;
    }
    return 0;
}

static const void *first_of(void (*prepare)(void), void (*parent)(void), void (*child)(void))
{
    return prepare ? (const void *)prepare : parent ? (const void *)parent : (const void *)child;
}

int fork_register(void (*prepare)(void), void (*parent)(void), void (*child)(void), void *dso)
{
    record_self();
    const void *owner = dso ? dso : first_of(prepare, parent, child);
    if (owner && is_skipped(place_object_name(owner)))
        return 0;
    BUSY(libc.__register_atfork);
    return libc.__register_atfork(prepare, parent, child, dso);
}

static void forked(pid_t pid, int64_t began)
{
    if (ledger)
        atomic_fetch_add(&ledger->forks, 1);
    TRACE(.phase = TRACE_WHOLE, .name = "fork", .category = "fork", .began = began,
          .counted = "child", .count = pid);
}

IN_CHILD pid_t fork_still(pid_t (*real)(void))
{
    struct record *me = record_self();
    if (!me || process_is_vfork_child() || forking.owner == me)
        return real();
    gate_look_for_unseen_fork();
    gate_pass(me, PLACE_NONE);
    int64_t began = trace_now();
    if (options.mode == MODE_OBSERVE && runtime_holds_lock() && runtime.about_to_fork)
        runtime.about_to_fork();
    int begun = !mode_closes() ? 0 : may_give_up_lock() ? begin_in_runtime(me) : begin(me);
    pid_t pid = real();
    if (pid > 0)
        forked(pid, began);
    if (begun && pid != 0 && forking.owner == me)
        finish(me); /* no handler ran */
    return pid;
}
