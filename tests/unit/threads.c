#include "core/threads.h"

#include "base/mapping.h"
#include "base/proc.h"
#include "base/sys.h"
#include "support.h"

static int count(void)
{
    int n = 0;
    for (struct record *r = record_first(); r; r = record_next(r))
        n++;
    return n;
}

Test(threads, a_thread_has_one_record, .timeout = 10)
{
    struct record *me = awake();
    cr_assert_eq(record_self(), me);
    cr_assert_eq(me->tid, sys_gettid());
    cr_assert_eq(record_of(pthread_self()), me);
    cr_assert_eq(count(), 1);
}

Test(threads, more_records_than_a_slab_holds, .timeout = 20)
{
    enum { MANY = 1000 };
    static struct record *made[MANY];
    awake();
    for (int i = 0; i < MANY; i++) {
        made[i] = record_new();
        cr_assert_not_null(made[i]);
        record_enter(made[i], RECORD_STARTING);
    }
    cr_assert_eq(count(), MANY + 1);
    for (int i = 0; i < MANY; i++)
        record_free(made[i]);
    cr_assert_eq(count(), 1);
}

Test(threads, records_of_ended_threads_are_used_again, .timeout = 60)
{
    enum { MANY = 600 };
    awake();
    for (int i = 0; i < MANY; i++) {
        struct sleeper s;
        sleeper_start(&s);
        sleeper_end(&s);
    }
    cr_assert_lt(count(), MANY / 2);
}

Test(threads, the_dead_are_not_found, .timeout = 10)
{
    awake();
    struct sleeper s;
    sleeper_start(&s);
    cr_assert_eq(record_of(s.thread), s.record);
    int tid = s.record->tid;
    sleeper_end(&s);
    UNTIL(!proc_has_thread(process.pid, tid));
    cr_assert_null(record_of(s.thread));
    cr_assert_eq(record_state(s.record), RECORD_FREE);
}

Test(proc, states, .timeout = 10)
{
    awake();
    struct sleeper s;
    sleeper_start(&s);
    cr_assert_eq(proc_state(sys_gettid()), 'R');
    cr_assert_eq(proc_state(s.record->tid), 'S');
    int64_t left;
    cr_assert_eq(proc_doing(s.record->tid, 0, &left), DOING_UNTIMED_WAIT);
    int64_t run = proc_run_time(s.record->tid);
    cr_assert_gt(run, 0);
    cr_assert_eq(proc_run_time(s.record->tid), run, "asleep, it doesn't run");
    int tid = s.record->tid;
    sleeper_end(&s);
    UNTIL(!proc_has_thread(process.pid, tid));
    cr_assert_eq(proc_state(tid), STATE_GONE);
}

static void *nap(void *tid)
{
    *(_Atomic int *)tid = sys_gettid();
    sys_sleep_us(60 * 1000 * 1000);
    return NULL;
}

Test(proc, a_timed_sleep_is_told_apart, .timeout = 10)
{
    _Atomic int tid = 0;
    pthread_t t;
    pthread_create(&t, NULL, nap, &tid);
    UNTIL(tid && proc_state(tid) == 'S');
    int64_t left;
    cr_assert_eq(proc_doing(tid, 0, &left), DOING_TIMED_WAIT);
    cr_assert_eq(left, 60 * 1000 * 1000, "a duration counts from now");
    cr_assert_eq(proc_doing(tid, sys_now_us() - 59 * 1000 * 1000, &left), DOING_TIMED_WAIT);
    cr_assert_lt(left, 2 * 1000 * 1000);
}

Test(mapping, is_told_by_the_kernel, .timeout = 10)
{
    void *private = sys_pages(4096);
    void *shared =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    awake();
    cr_assert_eq(mapping_of(private), MAPPING_PRIVATE);
    cr_assert_eq(mapping_of((char *)shared + 100), MAPPING_SHARED);
    cr_assert_eq(proc_mapping(private), 'p');
    cr_assert_eq(proc_mapping((char *)shared + 100), 's');
    cr_assert_eq(proc_mapping(&self), 'p');
    munmap(private, 4096);
    cr_assert_eq(mapping_of(private), MAPPING_NONE);
    cr_assert_eq(proc_mapping(private), 0);
    cr_assert_not(sys_readable(private));
    cr_assert(sys_readable(shared));
}
