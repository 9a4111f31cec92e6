#include "exit.h"

#include <errno.h>

#include "atwork.h"
#include "base/options.h"
#include "base/report.h"
#include "base/sys.h"
#include "core/await.h"
#include "handlers.h"

/* Who exits: one thread, for ever; set once by compare-and-swap. */
static struct record *_Atomic exiter;

static main_function *program_main;

int exit_is_mine(const struct record *me) { return exiter == me; }

void exit_forget(void) { exiter = NULL; }

/* The gate stays closed: nothing that comes later shall run beside the handlers. */
static void close_and_await(struct record *me)
{
    gate_close(me, GATE_EXIT);
    int moving = await_stillness(me, GATE_EXIT, options.exit_still_ms);
    report_count(&report.exit_not_still, moving);
    gate_progress();
}

void exit_prepare(void)
{
    struct record *me = record_self(), *nobody = NULL;
    if (!me || process_is_vfork_child())
        return;
    int saved_errno = errno;
    gate_look_for_unseen_fork();
    if (!atomic_compare_exchange_strong(&exiter, &nobody, me)) { /* E1 */
        if (nobody != me)
            gate_hold_for_ever(me); /* somebody else exits: as glibc has it from 2.41 on */
        return; /* once more in the same thread: straight on to E5 */
    }
    join_threads_at_work(me, JOINABLE, options.exit_join_ms); /* E3 */
    for (struct record *r = record_first(); r; r = record_next(r))
        r->pass = 0; /* whom a runtime spared at its own end */
    gate_runtime_ends(0);
    close_and_await(me); /* E4 */
    errno = saved_errno;
}

void exit_hold_early(void)
{
    struct record *me = record_self();
    if (!me || exiter)
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
    (void)unused, (void)status;
    exit_prepare();
}

static void last_of_all(void *unused, int status)
{
    (void)unused, (void)status;
    report_write();
}

void exit_start(void) { libc.__cxa_atexit(last_of_all, NULL, NULL); }

static int main_that_exits(int argc, char **argv, char **environment)
{
    handlers_add_unwrapped(first_of_all);
    int status = program_main(argc, argv, environment);
    exit_prepare();
    return status;
}

main_function *exit_wrap_main(main_function *main)
{
    program_main = main;
    return main_that_exits;
}
