#include "handlers.h"

#include <stdatomic.h>

#include "account.h"
#include "base/chaos.h"
#include "base/ledger.h"
#include "base/libc.h"
#include "base/options.h"
#include "base/report.h"
#include "base/sys.h"
#include "base/trace.h"
#include "core/await.h"
#include "core/operate.h"
#include "exit.h"
#include "limit.h"

enum { SLAB_BYTES = 16 * 1024 };

enum handler_kind { AT_EXIT, ON_EXIT, QUICK, FORGOTTEN };

struct handler {
    enum handler_kind kind;
    union {
        exit_function *at_exit;
        void (*on_exit)(int, void *);
        void (*quick)(void *);
        const void *address;
    } function;
    void *argument, *dso;
    unsigned generation;
    struct handler *below; /* in the list of those for quick_exit */
    struct handler *next;  /* in the list of those that have run */
};

/* Handlers live in slabs, which are never unmapped, and are used again when they have run. */
struct slab {
    _Atomic unsigned used;
    struct handler handlers[];
};
enum { HANDLERS = (SLAB_BYTES - sizeof(struct slab)) / sizeof(struct handler) };

static struct slab *_Atomic newest_slab;
static struct handler *_Atomic spare;
static _Atomic unsigned registered;

/* The depth of __cxa_finalize calls of this thread: dlclose runs handlers too. */
static _Thread_local int finalizing __attribute__((tls_model("initial-exec")));

/* Those for quick_exit, the newest first. */
static struct handler *_Atomic quick;

/* The exiting thread's entry while it is in libc's list. */
static struct busy listed;

static void put_back(struct handler *first)
{
    struct handler *last = first, *head = NULL;
    CHAOS("handlers: before one is spare");
    if (atomic_compare_exchange_strong(&spare, &head, first))
        return;
    while (last->next)
        last = last->next;
    do
        last->next = head;
    while (!atomic_compare_exchange_weak(&spare, &head, first));
}

static void release(struct handler *h)
{
    h->next = NULL;
    registered--;
    put_back(h);
}

static struct handler *claim_new(void)
{
    struct slab *s = newest_slab;
    unsigned i = s ? s->used++ : HANDLERS;
    if (i < HANDLERS)
        return &s->handlers[i];
    s = sys_pages(SLAB_BYTES);
    if (!s) {
        report_count(&report.memory_short, 1);
        return NULL;
    }
    s->used = 1;
    newest_slab = s; /* of two at once one keeps its single handler */
    return &s->handlers[0];
}

/* Takes all that are spare and puts back the others: who takes only the first one of a list would have to
   know that it is the first one still. */
static struct handler *claim(void)
{
    struct handler *h = atomic_exchange(&spare, NULL);
    CHAOS("handlers: spare ones taken");
    if (!h)
        return claim_new();
    if (h->next)
        put_back(h->next);
    return h;
}

/* NULL: register it as libc would. */
static struct handler *handler_new(enum handler_kind kind, const void *function, void *argument, void *dso)
{
    struct handler *h = record_self() ? claim() : NULL;
    if (!h)
        return NULL;
    h->kind = kind;
    h->function.address = function;
    h->argument = argument;
    h->dso = dso;
    h->generation = process.generation;
    registered++;
    return h;
}

int handlers_any(void)
{
    return registered != 0;
}

int handlers_are_mine(unsigned generation)
{
    return generation == process.generation ||
           options.inherited_handlers == INHERITED_HANDLERS_RUN;
}

/* `listed` may be that of a thread which a fork left behind. */
void handlers_enter_list(void)
{
    CHAOS("E5: after a handler");
    if (listed.me != self)
        busy_begin(&listed, (void *const *)&libc.exit, NULL);
}

static void leave_list(void)
{
    struct busy b = listed;
    listed.me = NULL;
    if (b.me == self)
        busy_end(&b);
}

static void call(const struct handler *h, int status)
{
    switch (h->kind) {
    case AT_EXIT: h->function.at_exit(h->argument, status); break;
    case ON_EXIT: h->function.on_exit(status, h->argument); break;
    case QUICK: h->function.quick(NULL); break;
    case FORGOTTEN: break;
    }
}

static void call_timed(const struct handler *h, int status)
{
    int64_t began = ledger ? sys_now_us() : 0;
    call(h, status);
    if (!ledger)
        return;
    account_handler(h->function.address, sys_now_us() - began, h->generation != process.generation);
    TRACE(.phase = TRACE_WHOLE, .name = "exit handler", .category = "exit", .began = began,
          .place = h->function.address);
}

/* Copied and freed before it runs: it may register another, or never return. */
static void run_handler(struct handler *h, int status)
{
    struct handler copy = *h;
    CHAOS("E5: before a handler");
    release(h);
    if (finalizing) {
        call(&copy, status);
        return;
    }
    leave_list();
    await_again(self);
    limit_begin(copy.function.address, status);
    report_count(&report.handlers, 1);
    if (handlers_are_mine(copy.generation))
        call_timed(&copy, status);
    if (!self || !exit_is_mine(self) || !mode_closes())
        return;
    gate_progress();
    limit_begin(NULL, status);
    handlers_enter_list();
}

static void run(void *handler, int status)
{
    run_handler(handler, finalizing ? status : exit_reached(status));
}

/* libc calls those of quick_exit without an argument: the newest comes first. */
static void run_quick(void *unused)
{
    (void)unused;
    struct handler *newest = quick;
    while (newest && newest->kind == FORGOTTEN)
        newest = newest->below;
    if (!newest)
        return;
    quick = newest->below;
    exit_prepare(NULL);
    run_handler(newest, exit_status());
}

/* In libc's list, those of on_exit are __cxa_atexit's too, for handlers_run_rest can run these. */
static int register_with_libc(struct handler *h)
{
    BUSY(libc.__cxa_atexit); /* the list has a lock that nobody resets */
    int result = libc.__cxa_atexit(run, h, h->dso);
    if (result != 0)
        release(h);
    return result;
}

int handlers_add(exit_function *function, void *argument, void *dso)
{
    struct handler *h = handler_new(AT_EXIT, (const void *)function, argument, dso);
    return h ? register_with_libc(h) : libc.__cxa_atexit(function, argument, dso);
}

int handlers_add_on_exit(void (*function)(int, void *), void *argument)
{
    struct handler *h = handler_new(ON_EXIT, (const void *)function, argument, NULL);
    return h ? register_with_libc(h) : libc.on_exit(function, argument);
}

int handlers_add_quick(void (*function)(void *), void *dso)
{
    struct handler *h = handler_new(QUICK, (const void *)function, NULL, dso);
    if (!h)
        return libc.__cxa_at_quick_exit(function, dso);
    h->below = quick;
    while (!atomic_compare_exchange_weak(&quick, &h->below, h))
        ;
    BUSY(libc.__cxa_at_quick_exit);
    int result = libc.__cxa_at_quick_exit(run_quick, dso);
    if (result != 0)
        h->kind = FORGOTTEN;
    return result;
}

int handlers_add_unwrapped(exit_function *function)
{
    return libc.__cxa_atexit(function, NULL, NULL);
}

/* libc forgets, and doesn't run, what a library has registered for quick_exit. */
static void forget_quick(const void *dso)
{
    for (struct handler *h = quick; dso && h; h = h->below)
        if (h->dso == dso)
            h->kind = FORGOTTEN;
}

void handlers_finalize(void *dso)
{
    BUSY(libc.__cxa_finalize);
    forget_quick(dso);
    finalizing++;
    libc.__cxa_finalize(dso);
    finalizing--;
}

void handlers_run_rest(void)
{
    libc.__cxa_finalize(NULL);
}
