#include "handlers.h"

#include <stdatomic.h>

#include "base/libc.h"
#include "base/report.h"
#include "base/sys.h"
#include "core/operate.h"
#include "exit.h"

enum { SLAB_BYTES = 16 * 1024 };

struct handler {
    exit_function *function;
    void (*on_exit)(int, void *);
    void *argument;
    _Atomic int used;
};

/* Handlers live in slabs that only grow, like records. */
struct slab {
    struct slab *_Atomic next;
    struct handler handlers[];
};
enum { HANDLERS = (SLAB_BYTES - sizeof(struct slab)) / sizeof(struct handler) };

static struct slab *_Atomic slabs;

/* The depth of __cxa_finalize calls of this thread: dlclose runs handlers too. */
static _Thread_local int finalizing __attribute__((tls_model("initial-exec")));

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

static struct handler *handler_new(void)
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

/* Copied and freed before it runs: it may register another, or never return. */
static struct handler begin(struct handler *h)
{
    struct handler copy = *h;
    h->used = 0;
    if (!finalizing)
        exit_prepare();
    report_count(&report.handlers, 1);
    return copy;
}

static void end(void)
{
    if (self && exit_is_mine(self))
        gate_progress();
}

static void run(void *argument, int status)
{
    struct handler h = begin(argument);
    h.function(h.argument, status);
    end();
}

static void run_on_exit(int status, void *argument)
{
    struct handler h = begin(argument);
    h.on_exit(status, h.argument);
    end();
}

int handlers_add(exit_function *function, void *argument, void *dso)
{
    struct handler *h = record_self() ? handler_new() : NULL;
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

int handlers_add_on_exit(void (*function)(int, void *), void *argument)
{
    struct handler *h = record_self() ? handler_new() : NULL;
    if (!h)
        return libc.on_exit(function, argument);
    h->on_exit = function;
    h->argument = argument;
    BUSY(libc.on_exit);
    int result = libc.on_exit(run_on_exit, h);
    if (result != 0)
        h->used = 0;
    return result;
}

int handlers_add_unwrapped(exit_function *function)
{
    return libc.__cxa_atexit(function, NULL, NULL);
}

void handlers_finalize(void *dso)
{
    BUSY(libc.__cxa_finalize);
    finalizing++;
    libc.__cxa_finalize(dso);
    finalizing--;
}
