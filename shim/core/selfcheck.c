#include "selfcheck.h"

#include <string.h>
#include <sys/auxv.h>

#include "base/degraded.h"
#include "base/elf.h"
#include "base/layout.h"
#include "base/libc.h"
#include "base/options.h"
#include "base/place.h"
#include "base/say.h"
#include "base/sys.h"
#include "threads.h"

enum { STATUS_FAILED = 125 };

/* How many names of symbols.def programs find here first, and which of the others matters. */
struct doors {
    int ours, others, missing;
    const char *lost, *to; /* one that somebody in front of us has, and who */
};

static void look_at(struct doors *d, const char *name, int is_here, int is_required)
{
    const struct link_map *first = elf_definer(name), *own = elf_own();
    d->ours += first == own;
    d->missing += is_required && !is_here;
    if (first == own)
        return;
    d->others++;
    if (d->to && *d->to)
        return;
    d->lost = name;
    d->to = first ? first->l_name : "nobody";
}

static struct doors count_doors(void)
{
    struct doors d = {0};
    struct libc_symbol s;
    for (size_t i = 0; (s = libc_symbol(i)).name; i++)
        look_at(&d, s.name, s.function != NULL, s.is_required);
    return d;
}

/* The gate's own places: without them there is no shim in this program. */
static int is_in_front(void)
{
    static const char *const needed[] = {"fork", "exit", "__libc_start_main", "pthread_create",
                                         "pthread_mutex_lock", "__cxa_atexit"};
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        if (elf_definer(needed[i]) != elf_own() || !elf_next(needed[i]))
            return 0;
    return 1;
}

_Noreturn void selfcheck(void)
{
    static char path[PLACE_PATH];
    const char *(*version)(void) = elf_next("gnu_get_libc_version");
    struct doors d = count_doors();
    struct degraded found[DEGRADED];
    int fast = layout.outermost_slot_is_used == 0, degraded = degraded_find(found);
    int works = is_in_front() && options.mode != MODE_OFF;

    say_to(1, "alive in ", say_string(place_path(elf_first(), path)), ", glibc ",
           say_string(version ? version() : "unknown"));
    say_to(1, "  calls that it stands in front of: ", say_number(d.ours),
           say_string(options.mode != MODE_OFF ? "" : ", all of which pass (mode=off)"));
    if (d.others)
        say_to(1, "  calls that others have taken: ", say_number(d.others), ", as ",
               say_string(d.lost), ", by ", say_string(*d.to ? d.to : "the program itself"));
    if (d.missing)
        say_to(1, "  calls that no loaded library has: ", say_number(d.missing));
    say_to(1, "  locks without a call of libc: ", say_string(fast ? "yes" : "no: slower"));
    for (int i = 0; i < degraded; i++)
        say_to(1, "  here ", say_string(found[i].text));
    say_to(1, say_string(works ? "  all is well" : "  it is of no use to this program"));
    sys_call(SYS_exit_group, works ? 0 : STATUS_FAILED, 0, 0, 0, 0, 0);
    __builtin_trap();
}
