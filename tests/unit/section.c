#include "core/runtime.h"
#include "core/section.h"

#include "base/sys.h"
#include "support.h"

static int lock, locked;

static int is_locked(const void *object) { return object == &lock && locked; }

static struct record *with_runtime(void)
{
    runtime.is_locked = is_locked;
    return awake();
}

/* The gate as another thread closes it. */
static void close_gate(void) { gate = GATE_FORK; }

Test(section, taken_at_an_open_gate, .timeout = 10)
{
    struct record *me = with_runtime();
    int place = section_try(me, &lock);
    cr_assert_not(held_busy(me, 0), "it only tries");
    cr_assert(section_claim(me, place));
    cr_assert(held_busy(me, 0));
}

Test(section, has_to_be_given_back_at_a_closed_gate, .timeout = 10)
{
    struct record *me = with_runtime();
    int place = section_try(me, &lock);
    close_gate();
    cr_assert_not(section_claim(me, place));
    cr_assert_not(held_busy(me, 0));
}

Test(section, an_inner_one_is_taken_at_a_closed_gate, .timeout = 10)
{
    static int outer;
    struct record *me = with_runtime();
    cr_assert(section_claim(me, section_try(me, &outer)));
    close_gate();
    cr_assert(section_claim(me, section_try(me, &lock)));
}

Test(section, who_may_have_been_given_the_lock_does_not_hold_still, .timeout = 10)
{
    struct record *me = with_runtime();
    int place = section_try(me, &lock);
    close_gate();
    cr_assert(gate_stops(me, place));
    locked = 1;
    cr_assert_not(gate_stops(me, place));
    cr_assert(section_in_transit(me), "it runs");
}

Test(section, who_is_parked_has_been_given_nothing, .timeout = 10)
{
    struct sleeper s;
    with_runtime();
    sleeper_start(&s);
    locked = 1;
    held_push(s.record, entry_of(&lock, KIND_RUNTIME) | ENTRY_TRY);
    cr_assert(section_in_transit(s.record), "asleep, but in no wait that a door saw");
    s.record->wait = 1;
    UNTIL(!section_in_transit(s.record));
    held_push(s.record, ENTRY_TRY);
    cr_assert(section_in_transit(s.record), "it waits for something else");
    held_pop(s.record, 1);
    held_pop(s.record, 0);
    s.record->wait = 0;
    sleeper_end(&s);
}

Test(section, released_by_another_thread, .timeout = 10)
{
    struct sleeper s;
    with_runtime();
    sleeper_start(&s);
    for (int i = 0; i < 2; i++)
        held_push(s.record, entry_of(&lock, KIND_RUNTIME));
    cr_assert(held_busy(s.record, 0));
    cr_assert_eq(held_disown(&lock, KIND_RUNTIME), 2);
    cr_assert_not(held_busy(s.record, 0));
    cr_assert_eq(held_disown(&lock, KIND_RUNTIME), 0);
    held_push(s.record, entry_of(&lock, KIND_RUNTIME) | ENTRY_TRY);
    cr_assert_eq(held_disown(&lock, KIND_RUNTIME), 0, "who tries has nothing to lose");
    held_pop(s.record, 0);
    sleeper_end(&s);
}
