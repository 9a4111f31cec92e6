#include "handlers.h"

#include <stdatomic.h>

#include "base/libc.h"
#include "base/options.h"
#include "base/report.h"
#include "base/sys.h"
#include "core/await.h"
#include "core/operate.h"
#include "exit.h"
#include "limit.h"

enum { SLAB_BYTES = 16 * 1024 };

struct handler {
    exit_function *function;
    void (*on_exit)(int, void *);
    void (*quick)(void *);
    void *argument, *dso;
    unsigned generation;
    struct handler *below; /* in the list of those for quick_exit */
    _Atomic int used;
};
#define NOT_MINE (~0u) /* instead of a generation */

/* Handlers live in slabs that only grow, like records. */
struct slab {
    struct slab *_Atomic next;
    struct handler handlers[];
};
enum { HANDLERS = (SLAB_BYTES - sizeof(struct slab)) / sizeof(struct handler) };

static struct slab *_Atomic slabs;

/* The depth of __cxa_finalize calls of this thread: dlclose runs handlers too. */
static _Thread_local int finalizing __attribute__((tls_model("initial-exec")));

/* Those for quick_exit, the newest first. */
static struct handler *_Atomic quick;

/* The exiting thread's entry while it is in libc's list. */
static struct busy listed;

static struct handler *claim_in(struct slab *s)
{
    for (int i = 0; i < HANDLERS; i++) {
        int expected = 0;
        if (!s->handlers[i].used &&
            atomic_compare_exchange_strong(&s->handlers[i].used, &expected, 1))
            return &s->handlers[i];
    }
    return NULL;
}

static struct handler *claim(void)
{
    struct handler *h = NULL;
    for (struct slab *s = slabs; s && !h; s = s->next)
        h = claim_in(s);
    if (h)
        return h;
    struct slab *s = sys_pages(SLAB_BYTES);
    if (!s)
        return NULL;
    s->handlers[0].used = 1;
    struct slab *head = slabs;
    do
        s->next = head;
    while (!atomic_compare_exchange_weak(&slabs, &head, s));
    return &s->handlers[0];
}

/* NULL: register it as libc would. */
static struct handler *handler_new(void)
{
    struct handler *h = record_self() ? claim() : NULL;
    if (h) {
        h->quick = NULL;
        h->dso = NULL;
        h->generation = process.generation;
    }
    return h;
}

int handlers_are_mine(unsigned generation)
{
    return generation == process.generation ||
           options.inherited_handlers == INHERITED_HANDLERS_RUN;
}

void handlers_enter_list(void)
{
    if (!listed.me)
        busy_begin(&listed, (void *const *)&libc.exit);
}

static void leave_list(void)
{
    struct busy b = listed;
    listed.me = NULL;
    busy_end(&b);
}

/* Copied and freed before it runs: it may register another, or never return. */
static struct handler begin(struct handler *h, const void *function, int status)
{
    struct handler copy = *h;
    h->used = 0;
    if (finalizing)
        return copy;
    leave_list();
    await_again(self);
    limit_begin(function, status);
    report_count(&report.handlers, 1);
    if (!handlers_are_mine(copy.generation))
        copy.generation = NOT_MINE;
    return copy;
}

static void end(int status)
{
    if (finalizing || !self || !exit_is_mine(self))
        return;
    gate_progress();
    limit_begin(NULL, status);
    handlers_enter_list();
}

static void run(void *argument, int status)
{
    if (!finalizing)
        status = exit_reached(status);
    struct handler h = begin(argument, (const void *)((struct handler *)argument)->function, status);
    if (h.generation != NOT_MINE)
        h.function(h.argument, status);
    end(status);
}

static void run_on_exit(void *argument, int status)
{
    status = exit_reached(status);
    struct handler h = begin(argument, (const void *)((struct handler *)argument)->on_exit, status);
    if (h.generation != NOT_MINE)
        h.on_exit(status, h.argument);
    end(status);
}

/* libc calls those of quick_exit without an argument: the newest comes first. */
static void run_quick(void *unused)
{
    (void)unused;
    struct handler *newest = quick;
    while (newest && !newest->quick)
        newest = newest->below;
    if (!newest)
        return;
    quick = newest->below;
    exit_prepare();
    struct handler h = begin(newest, (const void *)newest->quick, exit_status());
    if (h.generation != NOT_MINE)
        h.quick(NULL);
    end(exit_status());
}

int handlers_add(exit_function *function, void *argument, void *dso)
{
    struct handler *h = handler_new();
    if (!h)
        return libc.__cxa_atexit(function, argument, dso);
    h->function = function;
    h->argument = argument;
    BUSY(libc.__cxa_atexit); /* the list has a lock that nobody resets */
    int result = libc.__cxa_atexit(run, h, dso);
    if (result != 0)
        h->used = 0;
    return result;
}

/* In libc's list it is one of __cxa_atexit's, which handlers_run_rest can run. */
int handlers_add_on_exit(void (*function)(int, void *), void *argument)
{
    struct handler *h = handler_new();
    if (!h)
        return libc.on_exit(function, argument);
    h->on_exit = function;
    h->argument = argument;
    BUSY(libc.on_exit);
    int result = libc.__cxa_atexit(run_on_exit, h, NULL);
    if (result != 0)
        h->used = 0;
    return result;
}

int handlers_add_quick(void (*function)(void *), void *dso)
{
    struct handler *h = handler_new();
    if (!h)
        return libc.__cxa_at_quick_exit(function, dso);
    h->quick = function;
    h->dso = dso;
    h->below = quick;
    while (!atomic_compare_exchange_weak(&quick, &h->below, h))
        ;
    BUSY(libc.__cxa_at_quick_exit);
    int result = libc.__cxa_at_quick_exit(run_quick, dso);
    if (result != 0)
        h->quick = NULL;
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
            h->quick = NULL;
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
