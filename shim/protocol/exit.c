#include "exit.h"

#include <errno.h>

#include "atwork.h"
#include "base/options.h"
#include "base/report.h"
#include "base/sys.h"
#include "core/await.h"
#include "handlers.h"
#include "streams.h"

/* Who exits: one thread, for ever; set once by compare-and-swap. */
static struct record *_Atomic exiter;

static main_function *program_main;

int exit_is_mine(const struct record *me) { return exiter == me; }

void exit_forget(void) { exiter = NULL; }

/* Somebody else exits: hold still for ever, as glibc has it from 2.41 on. */
static _Noreturn void hold_for_ever(struct record *me)
{
    static const uint32_t never;
    me->held = 1;
    for (;;)
        sys_futex_wait(&never, 0, -1);
}

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
            hold_for_ever(me);
        return; /* once more in the same thread: straight on to E5 */
    }
    join_threads_at_work(me, options.exit_join_ms); /* E3 */
    close_and_await(me);                            /* E4 */
    errno = saved_errno;
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
    streams_free(); /* E7 */
    report_write();
}

void exit_start(void)
{
    streams_start();
    libc.__cxa_atexit(last_of_all, NULL, NULL);
}

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
