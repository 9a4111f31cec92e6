#include "streams.h"

#include "base/elf.h"
#include "base/layout.h"
#include "base/ledger.h"
#include "base/libc.h"
#include "base/options.h"
#include "base/proc.h"
#include "base/report.h"
#include "base/stopwatch.h"
#include "base/sys.h"
#include "core/threads.h"

enum {
    POLL_US = 100,
    STREAMS = 100000,      /* a list that is longer isn't one: somebody was in it */
    CURRENTLY_PUTTING = 0x800 /* of _flags, for ever since libio; no header has it */
};

static FILE *const *first_stream;

void streams_start(void) { first_stream = elf_variable("_IO_list_all"); }

static FILE *readable(FILE *f)
{
    const char *last = (const char *)(f + 1) - sizeof(long);
    return f && sys_readable(f) && sys_readable(last) ? f : NULL;
}

/* Though others may open and close some meanwhile. */
static void each_stream(void (*act)(FILE *))
{
    int count = 0;
    for (FILE *f = first_stream ? readable(*first_stream) : NULL; f && count < STREAMS;
         f = readable(f->_chain), count++)
        act(f);
}

static int is_free(FILE *f)
{
    if (libc.ftrylockfile(f) != 0)
        return 0;
    libc.funlockfile(f);
    return 1;
}

static int is_writable(const FILE *f)
{
    struct pollfd fd = {f->_fileno, POLLOUT, 0};
    struct timespec at_once = {0, 0};
    return sys_call(SYS_ppoll, (long)&fd, 1, (long)&at_once, 0, 0, 0) > 0;
}

/* The thread that is in it, if its lock is taken. */
static pthread_t owner_of(const FILE *f)
{
    const struct stream_lock *lock = (const void *)f->_lock;
    return (pthread_t)lock->owner;
}

/*
 * Nobody will leave it: who is in it sleeps, reading or for a reason of his own, or writes to one
 * who doesn't read.
 */
static int is_stuck(FILE *f)
{
    struct stopwatch watch = stopwatch_start();
    int64_t moved = 0, ran = -1;
    while (!is_free(f)) {
        const struct record *r = record_of(owner_of(f));
        int64_t run = r ? proc_run_time(r->tid) : -1, waited = stopwatch_look(&watch);
        if (run < 0 || (!(f->_flags & CURRENTLY_PUTTING) && proc_state(r->tid) == 'S'))
            return 1;
        if (run != ran)
            moved = waited;
        ran = run;
        if (waited - moved >= options.stall_ms)
            return 1;
        sys_sleep_us(POLL_US);
    }
    return 0;
}

/* No lock; and nothing to be written if that could take for ever. */
static void set_free(FILE *f)
{
    f->_flags |= _IO_USER_LOCK;
    if (!(f->_flags & CURRENTLY_PUTTING) || is_writable(f))
        return;
    f->_mode = 0; /* libc leaves a stream alone that has never been used */
    f->_IO_write_ptr = f->_IO_write_base;
    report_count(&report.streams_cut, 1);
}

static void free_one(FILE *f)
{
    if (f->_lock && !(f->_flags & _IO_USER_LOCK) && is_stuck(f))
        set_free(f);
}

static void flush_one(FILE *f)
{
    if (!(f->_flags & CURRENTLY_PUTTING) || !f->_lock || owner_of(f) == pthread_self() ||
        libc.ftrylockfile(f) != 0)
        return;
    libc.fflush(f);
    libc.funlockfile(f);
}

static void forget_one(FILE *f)
{
    if (f->_flags & CURRENTLY_PUTTING && f->_mode <= 0)
        f->_IO_write_ptr = f->_IO_write_base;
}

/* Written by the forking thread before the fork, and read in the child. */
enum { NOTED = 16 };
static struct {
    unsigned generation;
    int count;
    struct {
        const FILE *stream;
        const char *buffer;
        long unwritten;
    } noted[NOTED];
} before_fork AT_FORK;

static void note_one(FILE *f)
{
    long unwritten = f->_IO_write_ptr - f->_IO_write_base;
    if (!(f->_flags & CURRENTLY_PUTTING) || f->_mode > 0 || unwritten <= 0 || before_fork.count == NOTED)
        return;
    int i = before_fork.count++;
    before_fork.noted[i].stream = f;
    before_fork.noted[i].buffer = f->_IO_write_base;
    before_fork.noted[i].unwritten = unwritten;
}

void streams_note(void)
{
    before_fork.count = 0;
    before_fork.generation = process.generation;
    if (ledger)
        each_stream(note_one);
}

static void compare_one(FILE *f)
{
    for (int i = 0; i < before_fork.count; i++)
        if (before_fork.noted[i].stream == f && before_fork.noted[i].buffer == f->_IO_write_base &&
            f->_IO_write_ptr - f->_IO_write_base >= before_fork.noted[i].unwritten)
            ledger_tell(&(struct finding){.kind = FOUND_TWICE, .pid = sys_getpid(), .tid = f->_fileno,
                                          .amount = before_fork.noted[i].unwritten});
}

/* Before any handler: a library's may flush, too. A stream that was flushed begins its buffer anew. */
void streams_compare(void)
{
    if (!ledger || !before_fork.count || before_fork.generation == process.generation ||
        process_is_vfork_child())
        return;
    each_stream(compare_one);
    before_fork.count = 0;
}

void streams_free(void) { each_stream(free_one); }
void streams_flush(void) { each_stream(flush_one); }
void streams_forget(void) { each_stream(forget_one); }
