#include "report.h"

#include <stddef.h>
#include <string.h>

#include "elf.h"
#include "ledger.h"
#include "options.h"
#include "report_form.h"
#include "say.h"
#include "sink.h"
#include "sys.h"

struct report report AT_FORK;

/* Ranks of times: STEPS for each power of two. The ones below STEPS are exact. */
enum { STEPS = 8 };

enum { REPORT_ROOM = 256 * 1024 };

static int rank_of(int64_t us)
{
    int shift = us < STEPS ? 0 : 60 - __builtin_clzll((uint64_t)us);
    int rank = STEPS * shift + (int)(us >> shift);
    return rank < REST_RANKS ? rank : REST_RANKS - 1;
}

static int64_t longest_of(int rank)
{
    int shift = rank < STEPS ? 0 : rank / STEPS - 1;
    return ((rank - STEPS * shift + (int64_t)1) << shift) - 1;
}

int64_t report_median_rest_us(void)
{
    int64_t below = 0;
    int rank = 0;
    while (rank < REST_RANKS - 1 && (below += report.rest[rank]) * 2 < report.forks)
        rank++;
    return longest_of(rank);
}

void report_rest(int64_t us, int given_up)
{
    report_count(&report.forks, 1);
    atomic_fetch_add_explicit(&report.rest[rank_of(us)], 1, memory_order_relaxed);
    report_count(&report.threads_given_up, given_up);
    report_count(&report.forks_not_still, given_up != 0);
    if (us > report.worst_rest_us)
        report.worst_rest_us = us;
}

IN_CHILD void report_reset(void)
{
    memset(&report, 0, offsetof(struct report, forks_unseen));
}

/* Is NAME+0x in there? */
static int is_named(const struct out *o, size_t from, size_t to, const char *name)
{
    size_t length = strlen(name);
    for (size_t i = from; i + length + 3 <= to; i++)
        if (memcmp(o->text + i, name, length) == 0 && memcmp(o->text + i + length, "+0x", 3) == 0)
            return 1;
    return 0;
}

const struct link_map *report_next_object(const struct out *o, size_t from, size_t to,
                                          const struct link_map *before)
{
    const struct link_map *map = before ? elf_after(before) : elf_first();
    while (map && !is_named(o, from, to, place_name(map)))
        map = elf_after(map);
    return map;
}

static void write_to(int fd, const char *name)
{
    struct out o = {sys_pages(REPORT_ROOM), 0, REPORT_ROOM - 1};
    if (!o.text) {
        say("no memory to write the report");
        return;
    }
    if (options.report_format == REPORT_JSON)
        report_json(&o);
    else
        report_text(&o);
    if (sink_write(fd, o.text, o.used) < 0)
        say("can't write all of the report to ", say_string(name));
    sys_call(SYS_munmap, (long)o.text, REPORT_ROOM, 0, 0, 0, 0);
}

void report_write(void)
{
    if (strcmp(options.report, "no") == 0 || !ledger)
        return;
    sink_end();
    if (strcmp(options.report, "yes") == 0) {
        write_to(2, "standard error");
        return;
    }
    long fd = sink_open(options.report, NULL);
    if (fd < 0) {
        say("can't write the report to ", say_string(options.report));
        return;
    }
    write_to((int)fd, options.report);
    sys_close((int)fd);
}
