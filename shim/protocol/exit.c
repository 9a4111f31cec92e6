#include "exit.h"

#include <errno.h>
#include <string.h>

#include "account.h"
#include "atwork.h"
#include "base/elf.h"
#include "base/options.h"
#include "base/report.h"
#include "base/sys.h"
#include "base/trace.h"
#include "core/await.h"
#include "handlers.h"
#include "hooks.h"
#include "stop.h"
#include "streams.h"

/* Who exits: one thread, for ever; set once by compare-and-swap. */
static struct record *_Atomic exiter AT_FORK;

static main_function *program_main;
static int status_of_exit;

/*
 * From 2.41 on exit has a lock, and no fork resets it: in a child made by another thread than the
 * exiting one nobody can give it back.
 */
static int has_lock;
static enum { NOT_LOST, LOST, WORKED_AROUND } lock_is_lost;
enum { FIRST_WITH_LOCK = 41 }; /* 2.41 */

int exit_is_mine(const struct record *me) { return exiter == me; }
int exit_status(void) { return status_of_exit; }

IN_CHILD void exit_forget(const struct record *me)
{
    if (has_lock && exiter && exiter != me)
        lock_is_lost = LOST;
    exiter = NULL;
}

/* The gate stays closed: nothing that comes later shall run beside the handlers. */
static void close_and_await(struct record *me)
{
    gate_close(me, GATE_EXIT);
    int moving = await_stillness(me, GATE_EXIT, options.exit_still_ms);
    if (moving && options.exit_signal)
        moving = stop_by_signal(me, options.exit_still_ms);
    report_count(&report.exit_not_still, moving);
}

/* Somebody else exits: held as glibc has it from 2.41 on. */
static void second(struct record *me, const void *site)
{
    CHAOS("E1: somebody else's turn");
    account_second(me, site);
    if (mode_closes())
        gate_hold_for_ever(me);
}

int exit_prepare(const void *site)
{
    struct record *me = record_self(), *nobody = NULL;
    if (!me || process_is_vfork_child())
        return 0;
    int saved_errno = errno;
    gate_look_for_unseen_fork();
    CHAOS("E1: before its turn");
    if (!atomic_compare_exchange_strong(&exiter, &nobody, me)) { /* E1 */
        if (nobody != me)
            second(me, site);
        return mode_closes(); /* once more in the same thread: straight on to E5 */
    }
    CHAOS("E1: its turn");
    account_begins(me);
    hooks_run(TIER_STOP); /* E2 */
    if (!mode_closes()) {
        account_unheld(me);
        errno = saved_errno;
        return 0;
    }
    int64_t began = trace_now();
    CHAOS("E3: before the joins");
    join_threads_at_work(me, JOINABLE, options.exit_join_ms); /* E3 */
    TRACE(.phase = TRACE_WHOLE, .name = "joining", .category = "exit", .began = began);
    for (struct record *r = record_first(); r; r = record_next(r))
        r->pass = r->class == CLASS_LEFT; /* no longer whom a runtime spared at its own end */
    gate_runtime_ends(0);
    began = trace_now();
    CHAOS("E4: before the gate closes");
    close_and_await(me); /* E4 */
    CHAOS("E4: still");
    TRACE(.phase = TRACE_WHOLE, .name = "awaiting stillness", .category = "exit", .began = began);
    account_still(me);
    handlers_enter_list();
    errno = saved_errno;
    return 1;
}

static _Noreturn void leave(int status)
{
    streams_flush();
    for (;;)
        sys_call(SYS_exit_group, status, 0, 0, 0, 0, 0);
}

void exit_leave(int status)
{
    report_write();
    leave(status);
}

int exit_begin(int status, const void *site)
{
    streams_compare();
    if (!exit_prepare(site))
        return status;
    status_of_exit = status;
    if (options.exit_handlers == EXIT_HANDLERS_FLUSH) {
        hooks_run(TIER_END);
        exit_leave(status);
    }
    if (lock_is_lost) {
        lock_is_lost = WORKED_AROUND;
        handlers_run_rest();
        leave(status_of_exit);
    }
    return status;
}

int exit_reached(int status)
{
    return lock_is_lost == WORKED_AROUND ? status_of_exit : exit_begin(status, NULL);
}

void exit_hold_early(void)
{
    struct record *me = record_self();
    if (!me || exiter || !mode_closes())
        return;
    gate_runtime_ends(1);
    close_and_await(me);
}

void exit_goes_on(void)
{
    if (!self || exiter || !(self->owns & GATE_EXIT))
        return;
    gate_runtime_ends(0);
    gate_open(GATE_EXIT);
    gate_disown(self, GATE_EXIT);
}

/* Newer than every handler that was registered before main: nothing passes unseen. */
static void first_of_all(void *unused, int status)
{
    (void)unused;
    exit_reached(status);
}

/* What is left of exit: the last flush. */
static void end_with(int status, void (*leave_by)(int))
{
    account_ends(self, status);
    int other = account_status(status);
    report_write();
    TRACE(.phase = TRACE_INSTANT, .name = "end", .category = "exit", .counted = "status", .count = other);
    if (other != status)
        leave_by(other);
}

static void last_of_all(void *unused, int status)
{
    (void)unused;
    CHAOS("E7: the last of all");
    hooks_run(TIER_END);
    if (mode_closes())
        streams_free(); /* E7 */
    end_with(lock_is_lost == WORKED_AROUND ? status_of_exit : status, libc.exit);
}

static void last_of_quick(void *unused)
{
    (void)unused;
    hooks_run(TIER_END);
    end_with(status_of_exit, libc.quick_exit);
}

void exit_start(void)
{
    const char *(*version)(void) = elf_next("gnu_get_libc_version");
    const char *minor = version ? strchr(version(), '.') : NULL;
    has_lock = minor && (minor[1] - '0') * 10 + minor[2] - '0' >= FIRST_WITH_LOCK;
    streams_start();
    libc.__cxa_atexit(last_of_all, NULL, NULL);
    libc.__cxa_at_quick_exit(last_of_quick, NULL);
}

static int main_that_exits(int argc, char **argv, char **environment)
{
    handlers_add_unwrapped(first_of_all);
    if (self)
        self->first_frame = __builtin_frame_address(0);
    int status = program_main(argc, argv, environment);
    return exit_begin(status, NULL);
}

main_function *exit_wrap_main(main_function *main)
{
    program_main = main;
    return main_that_exits;
}
