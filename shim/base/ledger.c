#include "ledger.h"

#include <string.h>

#include "options.h"
#include "say.h"
#include "suppress.h"
#include "sys.h"

struct ledger *ledger;
static struct ledger *of_parent; /* which we are a child of */

static struct ledger *ledger_new(void)
{
    long p = sys_call(SYS_mmap, 0, sizeof(struct ledger), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (p >= 0 || p <= -4096)
        return (void *)p;
    say("no memory for the report: nothing is written down");
    return NULL;
}

static int is_set(const char *option, const char *off) { return strcmp(option, off) != 0; }

int ledger_wants_places(void)
{
    return is_set(options.report, "no") || is_set(options.trace, "no") ||
           options.mode == MODE_OBSERVE;
}

void ledger_start(void)
{
    if (!ledger_wants_places() && options.mode != MODE_STRICT)
        return;
    ledger = ledger_new();
    suppress_start();
}

IN_CHILD void ledger_child_begins(void)
{
    if (!ledger)
        return;
    if (of_parent)
        sys_call(SYS_munmap, (long)of_parent, sizeof *of_parent, 0, 0, 0, 0);
    of_parent = ledger;
    ledger = ledger_new();
}

IN_CHILD void ledger_child_ends(void)
{
    if (of_parent)
        atomic_fetch_add(&of_parent->children, 1);
}

/* The same lock is often in memory that is allocated anew; where it was taken tells. */
static int is_same(const struct finding *a, const struct finding *b)
{
    return a->kind == b->kind && a->what == b->what && a->start == b->start && a->taken == b->taken &&
           a->at == b->at && (a->taken || a->object == b->object) && a->mended == b->mended;
}

static struct kept_finding *find(struct ledger *l, const struct finding *f)
{
    uint32_t count = l->findings < FINDINGS ? l->findings : FINDINGS;
    for (uint32_t i = 0; i < count; i++)
        if (l->finding[i].ready && is_same(&l->finding[i].finding, f))
            return &l->finding[i];
    return NULL;
}

static void keep(struct ledger *l, const struct finding *f, const struct finding_places *places)
{
    uint32_t i = atomic_fetch_add(&l->findings, 1);
    if (i >= FINDINGS) {
        l->findings = FINDINGS;
        l->findings_lost++;
        return;
    }
    l->finding[i].finding = *f;
    l->finding[i].places = *places;
    l->finding[i].times = 1;
    l->finding[i].ready = 1;
}

static int add_to(struct ledger *l, const struct finding *f, struct finding_places *places, int known)
{
    struct kept_finding *before = l ? find(l, f) : NULL;
    if (!l)
        return 0;
    if (before) {
        before->times++;
    } else {
        if (!known)
            finding_describe(f, places);
        if (suppress_matches(places)) {
            l->suppressed++;
            return 0;
        }
        keep(l, f, places);
    }
    l->hazards += finding_is_hazard(f);
    return !before;
}

int ledger_add(const struct finding *f)
{
    struct finding_places places;
    int is_new = add_to(ledger, f, &places, 0);
    return of_parent && finding_is_hazard(f) ? add_to(of_parent, f, &places, is_new) : is_new;
}

void ledger_tell(const struct finding *f)
{
    if (ledger_add(f) && options.mode == MODE_OBSERVE && is_set(options.report, "yes"))
        finding_say(f);
}

void ledger_say_all(void)
{
    uint32_t count = !ledger ? 0 : ledger->findings < FINDINGS ? ledger->findings : FINDINGS;
    for (uint32_t i = 0; i < count; i++)
        if (ledger->finding[i].ready)
            finding_say(&ledger->finding[i].finding);
}

void ledger_handler(const void *function, int64_t us)
{
    if (!ledger)
        return;
    if (ledger->handlers < HANDLERS_KEPT)
        ledger->handler[ledger->handlers++] = (struct kept_handler){function, us};
    else
        ledger->handlers_lost++;
}

void ledger_await_children(int64_t limit_us)
{
    enum { LOOK_US = 200 };
    for (int64_t began = sys_now_us(); ledger && ledger->children < ledger->forks;) {
        if (sys_now_us() - began >= limit_us)
            return;
        sys_sleep_us(LOOK_US);
    }
}
