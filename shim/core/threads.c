#include "threads.h"

#include <string.h>
#include <sys/mman.h>

#include "base/layout.h"
#include "base/options.h"
#include "base/proc.h"
#include "base/report.h"
#include "base/sys.h"

#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#endif

enum { FIRST_SLAB = 8, SLAB_BYTES = 128 * 1024, PLACES_BYTES = (1 + SLOTS) * sizeof(void *) };

struct slab {
    struct slab *next;
    size_t count;
    _Atomic size_t searched; /* so many were not free when they were looked at since the last sweep */
    struct record records[];
};

/*
 * The list of slabs only grows, at its end, by compare-and-swap: readers need no lock. The first
 * one is static, so that a process without memory for more still has its main thread's record.
 */
static struct {
    struct slab slab;
    struct record records[FIRST_SLAB];
} first;

/*
 * A sweep asks the kernel for every thread. So there is one only after as many records were made as
 * half of those that there are: a record costs the same however many threads live.
 */
static struct {
    struct slab *_Atomic search; /* here the search for a free one goes on */
    _Atomic size_t records, claims; /* in all slabs; since the last sweep */
} slabs;

_Thread_local struct record *self;
struct process process AT_FORK;

static _Atomic int always_present;

void process_start(void)
{
    first.slab.count = FIRST_SLAB; /* set here, they need no room in the file */
    slabs.records = FIRST_SLAB;
    process.pid = sys_getpid();
    process.present = &always_present;
    *process.present = 1;
    report.forks_unseen = 1;
    void *page = sys_pages(4096);
    if (!page)
        return;
    if (sys_call(SYS_madvise, (long)page, 4096, MADV_WIPEONFORK, 0, 0, 0) < 0) {
        sys_call(SYS_munmap, (long)page, 4096, 0, 0, 0, 0);
        return;
    }
    process.present = page;
    *process.present = 1;
    report.forks_unseen = 0;
}

int process_forks_wipe(void) { return process.present != &always_present; }

int process_is_vfork_child(void)
{
    return *process.present && sys_getpid() != process.pid;
}

static struct slab *next_slab(struct slab *s)
{
    return __atomic_load_n(&s->next, __ATOMIC_ACQUIRE);
}

/*
 * A thread that finds a record's thread gone frees the record, and so may others at the same time; it
 * is claimed again at once. So each claim begins another life, and only the life that was looked at is ended.
 */
#define NEXT_LIFE (RECORD_STATE + 1)

static int end_life(struct record *r, unsigned life)
{
    return atomic_compare_exchange_strong(&r->life, &life, (life & ~RECORD_STATE) | RECORD_FREE);
}

void record_enter(struct record *r, enum record_state state)
{
    r->life = (r->life & ~RECORD_STATE) | state;
}

/* Free, or the ghost of a grandparent's thread, which nobody asks for any more. */
static int is_claimable(const struct record *r, enum record_state state)
{
    return state == RECORD_FREE || (state != RECORD_CLAIMED && record_is_ghost(r) &&
                                    process.generation - r->generation > 1);
}

static struct record *claim_in(struct slab *s)
{
    for (size_t i = s->searched; i < s->count; i++) {
        struct record *r = &s->records[i];
        unsigned life = r->life, next = (life & ~RECORD_STATE) + NEXT_LIFE;
        s->searched = i + 1;
        if (is_claimable(r, (enum record_state)(life & RECORD_STATE)) &&
            atomic_compare_exchange_strong(&r->life, &life, next | RECORD_CLAIMED)) {
            CHAOS("record: claimed");
            r->slab = s;
            return r;
        }
    }
    return NULL;
}

static struct record *claim(void)
{
    struct slab *s = slabs.search ? slabs.search : &first.slab;
    struct record *r = claim_in(s);
    while (!r && (s = next_slab(s))) {
        slabs.search = s;
        r = claim_in(s);
    }
    return r;
}

/* Frees the records of threads that are gone. */
static void sweep(void)
{
    CHAOS("record: sweep");
    for (struct slab *s = &first.slab; s; s = next_slab(s)) {
        for (size_t i = 0; i < s->count; i++)
            if (record_state(&s->records[i]) == RECORD_LIVE && !record_is_ghost(&s->records[i]))
                record_alive(&s->records[i]);
        s->searched = 0;
    }
    slabs.search = &first.slab;
    slabs.claims = 0;
}

static struct slab *add_slab(void)
{
    struct slab *s = sys_pages(SLAB_BYTES), *seen = NULL, *last = &first.slab;
    if (!s) {
        report_count(&report.memory_short, 1);
        return NULL;
    }
    CHAOS("record: new slab");
    s->count = (SLAB_BYTES - sizeof *s) / sizeof s->records[0];
    slabs.records += s->count;
    while (!__atomic_compare_exchange_n(&last->next, &seen, s, 0, __ATOMIC_RELEASE,
                                        __ATOMIC_ACQUIRE)) {
        last = seen;
        seen = NULL;
    }
    return s;
}

static struct record *claim_somewhere(void)
{
    struct record *r = claim();
    if (!r && slabs.claims >= slabs.records / 2) {
        sweep();
        r = claim();
    }
    if (!r && add_slab())
        r = claim();
    if (!r) {
        sweep(); /* no memory */
        r = claim();
    }
    slabs.claims += r != NULL;
    return r;
}

struct record *record_new(void)
{
    struct record *r = claim_somewhere();
    if (r) {
        const void **taken = r->taken;
        memset(r, 0, offsetof(struct record, slab)); /* that and `life` stay */
        memset(&r->openmp, 0, sizeof *r - offsetof(struct record, openmp));
        CHAOS("record: emptied");
        r->generation = process.generation;
        r->taken = taken || !process.keeps_places ? taken : sys_pages(PLACES_BYTES);
        r->slot[0] = layout.outermost_slot_is_used;
    }
    return r;
}

void record_free(struct record *r) { record_enter(r, RECORD_FREE); }

void record_free_ghost(struct record *r)
{
    unsigned life = r->life;
    CHAOS("record: a ghost goes");
    if ((life & RECORD_STATE) > RECORD_CLAIMED && record_is_ghost(r))
        end_life(r, life);
}

void record_adopt(struct record *r)
{
    r->tid = sys_gettid();
    r->thread = pthread_self();
    r->error = &errno;
    CHAOS("record: before it lives");
    record_enter(r, RECORD_LIVE);
    CHAOS("record: lives");
    self = r;
}

struct record *record_self_slow(void)
{
    if (!start())
        return NULL;
    struct record *r = record_new();
    if (!r)
        return NULL;
    r->created = 1;
    record_adopt(r);
    return r;
}

IN_CHILD static struct record *used_from(struct slab *s, size_t i)
{
    for (; s; s = next_slab(s), i = 0)
        for (; i < s->count; i++)
            if (record_state(&s->records[i]) > RECORD_CLAIMED)
                return &s->records[i];
    return NULL;
}

IN_CHILD struct record *record_first(void) { return used_from(&first.slab, 0); }

IN_CHILD struct record *record_next(struct record *r)
{
    return used_from(r->slab, (size_t)(r - r->slab->records) + 1);
}

int record_alive(struct record *r)
{
    unsigned life = r->life;
    if ((life & RECORD_STATE) == RECORD_STARTING)
        return 1;
    if ((life & RECORD_STATE) != RECORD_LIVE)
        return 0;
    if (!r->created || proc_has_thread(process.pid, r->tid))
        return 1;
    CHAOS("record: its thread is gone");
    end_life(r, life);
    return 0;
}

struct record *record_of(pthread_t thread)
{
    for (struct record *r = record_first(); r; r = record_next(r))
        if (r->thread == thread && !record_is_ghost(r) && record_alive(r))
            return r;
    return NULL;
}

struct record *record_of_ghost(pthread_t thread)
{
    if (process.generation == 0 || options.mode == MODE_OBSERVE)
        return NULL;
    for (struct record *r = record_first(); r; r = record_next(r))
        if (r->thread == thread && record_is_ghost(r))
            return r;
    return NULL;
}
