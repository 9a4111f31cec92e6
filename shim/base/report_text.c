#include "report_form.h"

#include "degraded.h"
#include "options.h"
#include "proc.h"
#include "report.h"
#include "sys.h"

const char *const report_modes[] = {[MODE_ACT] = "act",
                                    [MODE_OFF] = "off",
                                    [MODE_OBSERVE] = "observe",
                                    [MODE_REPAIR] = "repair",
                                    [MODE_STRICT] = "strict"};

void report_program(char name[THREAD_NAME]) { proc_name(sys_getpid(), name, THREAD_NAME); }

/* A number with its noun: "1 fork", "2 forks". */
static void out_count(struct out *o, int64_t number, const char *noun)
{
    out_number(o, number);
    out_text(o, " ");
    out_text(o, noun);
    if (number != 1)
        out_text(o, "s");
}

static void begin_line(struct out *o, const char *text)
{
    out_text(o, "holdstill:   ");
    out_text(o, text);
}

/* A line of one count; nothing if it is zero. */
static void line_of(struct out *o, const char *text, int64_t number, const char *after)
{
    if (number == 0)
        return;
    begin_line(o, text);
    out_number(o, number);
    out_text(o, after);
    out_text(o, "\n");
}

static int nothing_happened(void)
{
    return ledger->findings == 0 && report.forks_not_still == 0 && report.mended == 0 &&
           report.exit_not_still == 0 && report.stalls == 0 && report.streams_cut == 0 &&
           report.handlers_over == 0 && report.adapters_failed == 0 && report.missing == 0 &&
           report.memory_short == 0 && report.forks == 0 && ledger->threads == 0;
}

static void first_line(struct out *o)
{
    char name[THREAD_NAME];
    report_program(name);
    out_text(o, "holdstill: process ");
    out_number(o, sys_getpid());
    out_text(o, " (");
    out_plain(o, name);
    out_text(o, "), mode ");
    out_text(o, report_modes[options.mode]);
    out_text(o, ": ");
    if (nothing_happened()) {
        out_text(o, "nothing to report\n");
        return;
    }
    out_count(o, ledger->hazards, "hazard");
    out_text(o, ", ");
    out_count(o, report.forks, "fork");
    out_text(o, ", ");
    out_count(o, report.handlers, "exit handler");
    out_text(o, "\n");
}

static void forks(struct out *o)
{
    if (report.forks == 0 || !mode_closes())
        return;
    begin_line(o, "forks came to rest in ");
    out_number(o, report_median_rest_us());
    out_text(o, " us (median), ");
    out_number(o, report.worst_rest_us);
    out_text(o, " us at worst; ");
    out_number(o, report.forks_not_still);
    out_text(o, " did not wait for all threads\n");
}

static void findings(struct out *o)
{
    uint32_t count = ledger->findings < FINDINGS ? ledger->findings : FINDINGS;
    for (uint32_t i = 0; i < count; i++) {
        const struct kept_finding *k = &ledger->finding[i];
        if (!k->ready)
            continue;
        begin_line(o, finding_is_hazard(&k->finding) ? "hazard: " : "note: ");
        if (k->finding.pid != sys_getpid()) {
            out_text(o, "in child ");
            out_number(o, k->finding.pid);
            out_text(o, ": ");
        }
        finding_text(o, &k->finding, &k->places);
        if (k->times > 1) {
            out_text(o, "; ");
            out_number(o, k->times);
            out_text(o, " times");
        }
        out_text(o, "\n");
    }
    line_of(o, "", ledger->findings_lost, " more findings, for which there was no room");
    line_of(o, "suppressed: ", ledger->suppressed, "");
}

static void threads(struct out *o)
{
    static const char *const ends[] = {[END_JOINED] = "ended before the handlers",
                                       [END_STILL] = "was still",
                                       [END_LEFT] = "ran on"};
    for (uint32_t i = 0; i < ledger->threads; i++) {
        const struct kept_thread *t = &ledger->thread[i];
        begin_line(o, "thread at exit: '");
        out_plain(o, t->name);
        out_text(o, "' (");
        out_number(o, t->tid);
        if (t->start) {
            out_text(o, ", started with ");
            out_plain(o, place_describe(t->start).text);
        }
        out_text(o, t->joinable ? ") " : ", detached) ");
        out_text(o, ends[t->end]);
        if (t->at && t->end != END_JOINED) {
            out_text(o, " at ");
            out_plain(o, place_describe(t->at).text);
        }
        out_text(o, "\n");
    }
    line_of(o, "exit: ", ledger->threads_lost, " more threads");
}

static void handlers(struct out *o)
{
    for (uint32_t i = 0; i < ledger->handlers; i++) {
        begin_line(o, "exit handler ");
        out_plain(o, place_describe(ledger->handler[i].function).text);
        out_text(o, ": ");
        out_number(o, ledger->handler[i].us);
        out_text(o, " us\n");
    }
    line_of(o, "", ledger->handlers_lost, " more exit handlers");
}

static void degraded(struct out *o)
{
    struct degraded found[DEGRADED];
    for (int i = 0, count = degraded_find(found); i < count; i++) {
        begin_line(o, "here ");
        out_text(o, found[i].text);
        out_text(o, "\n");
    }
}

/* So that places in them can be looked up. */
static void objects(struct out *o, size_t from)
{
    size_t to = o->used;
    char path[PLACE_PATH];
    for (const struct link_map *map = NULL; (map = report_next_object(o, from, to, map));) {
        begin_line(o, "object ");
        out_plain(o, place_name(map));
        out_text(o, ": ");
        out_plain(o, place_path(map, path));
        out_text(o, "\n");
    }
}

void report_text(struct out *o)
{
    size_t from = o->used;
    first_line(o);
    if (nothing_happened())
        return;
    forks(o);
    findings(o);
    line_of(o, "locks, conditions and the like of vanished threads mended in this child: ",
            report.mended, "");
    line_of(o, "exit: waited ", report.joined_us, " us for threads at work");
    threads(o);
    handlers(o);
    line_of(o, "exit: ", report.exit_not_still, " threads did not hold still");
    if (report.stalls)
        out_text(o, "holdstill:   exit: the handlers made no progress, and the gate was opened\n");
    line_of(o, "exit: ", report.handlers_over, " handlers took longer than their limit");
    line_of(o, "exit: streams that nobody reads, with a thread inside: ", report.streams_cut,
            ", unwritten");
    if (report.adapters_failed)
        out_text(o, "holdstill:   the adapter for CPython could not be installed\n");
    line_of(o, "names that this libc doesn't have: ", report.missing, "");
    degraded(o);
    objects(o, from);
}
