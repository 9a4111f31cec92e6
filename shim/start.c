/*
 * The order in which things come alive: at the first call of any door, or in the constructor.
 * Constructors of the program's libraries run before ours, and malloc may lock before them, so
 * waking up allocates nothing and calls nothing that could come back through a door (but for loading
 * libpthread.so.0 up to 2.33, into programs without it).
 */
#include <errno.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/chaos.h"
#include "base/elf.h"
#include "base/environment.h"
#include "base/layout.h"
#include "base/ledger.h"
#include "base/libc.h"
#include "base/options.h"
#include "base/report.h"
#include "base/say.h"
#include "base/sys.h"
#include "base/trace.h"
#include "core/selfcheck.h"
#include "core/threads.h"
#include "protocol/exit.h"
#include "protocol/fork.h"
#include "protocol/orphans.h"

enum { ASLEEP, WAKING, AWAKE, OFF };

static _Atomic int stage;

/*
 * While one thread wakes up, its own calls and those of others see the real functions and no
 * record: they pass straight through.
 */
static void wake(int missing)
{
    int saved_errno = errno;
    report_count(&report.missing, missing);
    options_read(environ);
    CHAOS_START(environ);
    if (options.inherit == INHERIT_NO)
        environment_forget_preload(environ, elf_own()->l_name);
    int has_threads = libc.pthread_create != NULL, has_clock = sys_now_us() != 0;
    has_threads ? layout_probe() : layout_leave_to_libc();
    ledger_start();
    trace_start();
    process.keeps_places = ledger_wants_places();
    if (process.keeps_places || elf_next("__tsan_init"))
        layout_leave_to_libc(); /* a ThreadSanitizer behind us has to see every lock, too */
    process_start();
    int is_glibc = elf_next("gnu_get_libc_version") != NULL;
    int next = is_glibc && has_threads && has_clock && options.mode != MODE_OFF ? AWAKE : OFF;
    if (!has_clock)
        say("there is no clock here: all calls pass as without it");
    if (!has_threads)
        say("libpthread.so.0 can't be loaded: all calls pass as without it");
    if (next == AWAKE) {
        fork_start();
        exit_start();
        orphans_start();
    }
    stage = next;
    errno = saved_errno;
}

int start(void)
{
    int expected = ASLEEP;
    if (stage == AWAKE)
        return 1;
    if (stage == ASLEEP) {
        int missing = libc_resolve();
        if (atomic_compare_exchange_strong(&stage, &expected, WAKING))
            wake(missing);
    }
    return stage == AWAKE;
}

__attribute__((constructor)) static void construct(void)
{
    start();
    if (options.check == CHECK_YES)
        selfcheck();
}
