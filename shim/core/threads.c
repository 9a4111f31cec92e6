#include "threads.h"

#include <string.h>
#include <sys/mman.h>

#include "base/layout.h"
#include "base/options.h"
#include "base/sys.h"

#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#endif

enum { FIRST_SLAB = 8, SLAB_BYTES = 128 * 1024, PLACES_BYTES = (1 + SLOTS) * sizeof(void *) };

struct slab {
    struct slab *next;
    size_t count;
    struct record records[];
};

/*
 * The list of slabs only grows, at its end, by compare-and-swap: readers need no lock. The first
 * one is static, so that a process without memory for more still has its main thread's record.
 */
static struct {
    struct slab slab;
    struct record records[FIRST_SLAB];
} first = {.slab = {.count = FIRST_SLAB}};

_Thread_local struct record *self;
struct process process;

static _Atomic int always_present;

void process_start(void)
{
    process.pid = sys_getpid();
    process.present = &always_present;
    *process.present = 1;
    void *page = sys_pages(4096);
    if (!page)
        return;
    if (sys_call(SYS_madvise, (long)page, 4096, MADV_WIPEONFORK, 0, 0, 0) < 0) {
        sys_call(SYS_munmap, (long)page, 4096, 0, 0, 0, 0);
        return;
    }
    process.present = page;
    *process.present = 1;
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

/* Free, or the ghost of a grandparent's thread, which nobody asks for any more. */
static int is_claimable(const struct record *r, int state)
{
    return state == RECORD_FREE || (state != RECORD_CLAIMED && record_is_ghost(r) &&
                                    process.generation - r->generation > 1);
}

static struct record *claim_in(struct slab *s)
{
    for (size_t i = 0; i < s->count; i++) {
        struct record *r = &s->records[i];
        int state = atomic_load_explicit(&r->state, memory_order_relaxed);
        if (is_claimable(r, state) &&
            atomic_compare_exchange_strong(&r->state, &state, RECORD_CLAIMED))
            return r;
    }
    return NULL;
}

/* Frees the records of threads that are gone; how many there were. */
static int sweep(struct slab *s)
{
    int freed = 0;
    for (size_t i = 0; i < s->count; i++)
        freed += s->records[i].state == RECORD_LIVE && !record_is_ghost(&s->records[i]) &&
                 !record_alive(&s->records[i]);
    return freed;
}

static struct slab *add_slab(struct slab *last)
{
    struct slab *s = sys_pages(SLAB_BYTES), *seen = NULL;
    if (!s)
        return NULL;
    s->count = (SLAB_BYTES - sizeof *s) / sizeof s->records[0];
    while (!__atomic_compare_exchange_n(&last->next, &seen, s, 0, __ATOMIC_RELEASE,
                                        __ATOMIC_ACQUIRE)) {
        last = seen;
        seen = NULL;
    }
    return s;
}

struct record *record_new(void)
{
    struct slab *s = &first.slab, *last;
    struct record *r;
    do {
        last = s;
        r = claim_in(s);
        if (!r && sweep(s))
            r = claim_in(s);
        s = next_slab(s);
    } while (!r && s);
    if (!r) {
        s = add_slab(last);
        r = s ? claim_in(s) : NULL;
    }
    if (r) {
        const void **taken = r->taken;
        memset(r, 0, offsetof(struct record, state));
        memset((char *)r + offsetof(struct record, generation), 0,
               sizeof *r - offsetof(struct record, generation));
        r->generation = process.generation;
        r->taken = taken || !process.keeps_places ? taken : sys_pages(PLACES_BYTES);
        r->slot[0] = layout.outermost_slot_is_used;
    }
    return r;
}

void record_free(struct record *r) { r->state = RECORD_FREE; }

void record_adopt(struct record *r)
{
    r->tid = sys_gettid();
    r->thread = pthread_self();
    r->state = RECORD_LIVE;
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

static struct record *used_from(struct slab *s, size_t i)
{
    for (; s; s = next_slab(s), i = 0)
        for (; i < s->count; i++)
            if (s->records[i].state > RECORD_CLAIMED)
                return &s->records[i];
    return NULL;
}

struct record *record_first(void) { return used_from(&first.slab, 0); }

struct record *record_next(struct record *r)
{
    struct slab *s = &first.slab;
    while (r < s->records || r >= s->records + s->count)
        s = next_slab(s);
    return used_from(s, (size_t)(r - s->records) + 1);
}

int record_alive(struct record *r)
{
    if (r->state == RECORD_STARTING)
        return 1;
    if (r->state != RECORD_LIVE)
        return 0;
    if (!r->created || sys_thread_exists(process.pid, r->tid))
        return 1;
    record_free(r);
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
