#include "support.h"

#include <signal.h>

#include "base/interrupted.h"
#include "base/layout.h"
#include "base/libc.h"
#include "base/options.h"
#include "base/proc.h"
#include "base/sys.h"
#include "core/gate.h"
#include "core/held.h"

/* In the shared object this is start.c's, which the tests of the internals do without. */
int start(void) { return process.present != NULL; }

struct record *awake(void)
{
    cr_assert_eq(libc_resolve(), 0);
    options_parse(NULL);
    layout_probe();
    process_start();
    struct record *me = record_self();
    cr_assert_not_null(me);
    return me;
}

static void *sleep_until_dismissed(void *argument)
{
    struct sleeper *s = argument;
    s->record = record_self();
    s->ready = 1;
    while (!s->dismissed)
        sys_futex_wait(&s->dismissed, 0, -1);
    return NULL;
}

void sleeper_start(struct sleeper *s)
{
    s->ready = s->dismissed = 0;
    cr_assert_eq(pthread_create(&s->thread, NULL, sleep_until_dismissed, s), 0);
    UNTIL(s->ready && proc_state(s->record->tid) == 'S');
}

void sleeper_end(struct sleeper *s)
{
    s->dismissed = 1;
    sys_futex_wake(&s->dismissed, 1);
    pthread_join(s->thread, NULL);
}

void spin_for(int us)
{
    for (int64_t begin = sys_now_us(); sys_now_us() - begin < us;)
        ;
}

void enter_section(struct record *r, pthread_mutex_t *m)
{
    m->__data.__owner = r->tid;
    m->__data.__lock = 1;
    held_push(r, entry_of(m, KIND_MUTEX));
}

static void hold_still(int number)
{
    (void)number;
    gate_hold(record_self());
}

void hold_still_at(int number)
{
    signal(number, hold_still);
    interrupted_prepare();
}
