#include "report_form.h"

#include "degraded.h"
#include "options.h"
#include "report.h"
#include "sys.h"

/* ,"name":NUMBER */
static void member(struct out *o, const char *name, int64_t number)
{
    out_text(o, ",");
    out_key(o, name);
    out_number(o, number);
}

static void member_string(struct out *o, const char *name, const char *text)
{
    out_text(o, ",");
    out_key(o, name);
    out_string(o, text);
}

static void member_place(struct out *o, const char *name, const void *place)
{
    if (place)
        member_string(o, name, place_describe(place).text);
}

static void forks(struct out *o)
{
    out_text(o, ",\"forks\":{\"count\":");
    out_number(o, report.forks);
    member(o, "rest_median_us", report_median_rest_us());
    member(o, "rest_worst_us", report.worst_rest_us);
    member(o, "not_at_rest", report.forks_not_still);
    member(o, "mended_here", report.mended);
    out_text(o, "}");
}

static void findings(struct out *o, const char *name, int hazards)
{
    const char *comma = "";
    uint32_t count = ledger->findings < FINDINGS ? ledger->findings : FINDINGS;
    out_text(o, ",");
    out_key(o, name);
    out_text(o, "[");
    for (uint32_t i = 0; i < count; i++) {
        const struct kept_finding *k = &ledger->finding[i];
        if (!k->ready || finding_is_hazard(&k->finding) != hazards)
            continue;
        out_text(o, comma);
        out_text(o, "{");
        finding_json(o, &k->finding, &k->places);
        member(o, "times", k->times);
        out_text(o, "}");
        comma = ",";
    }
    out_text(o, "]");
}

static void threads(struct out *o)
{
    static const char *const ends[] = {
        [END_JOINED] = "joined", [END_STILL] = "still", [END_LEFT] = "left"};
    out_text(o, ",\"threads\":[");
    for (uint32_t i = 0; i < ledger->threads; i++) {
        const struct kept_thread *t = &ledger->thread[i];
        out_text(o, i ? ",{\"name\":" : "{\"name\":");
        out_string(o, t->name);
        member(o, "tid", t->tid);
        out_text(o, t->joinable ? ",\"joinable\":true" : ",\"joinable\":false");
        member_string(o, "end", ends[t->end]);
        member_place(o, "start", t->start);
        member_place(o, "at", t->at);
        out_text(o, "}");
    }
    out_text(o, "]");
}

static void handlers(struct out *o)
{
    out_text(o, ",\"handlers\":[");
    for (uint32_t i = 0; i < ledger->handlers; i++) {
        out_text(o, i ? ",{\"place\":" : "{\"place\":");
        out_string(o, place_describe(ledger->handler[i].function).text);
        member(o, "us", ledger->handler[i].us);
        out_text(o, "}");
    }
    out_text(o, "]");
}

static void exits(struct out *o)
{
    out_text(o, ",\"exit\":{\"status\":");
    out_number(o, ledger->status);
    member(o, "joined_us", report.joined_us);
    member(o, "handlers", report.handlers);
    member(o, "not_still", report.exit_not_still);
    member(o, "stalls", report.stalls);
    member(o, "handlers_over_limit", report.handlers_over);
    member(o, "streams_cut", report.streams_cut);
    out_text(o, "}");
}

static void degraded(struct out *o)
{
    struct degraded found[DEGRADED];
    out_text(o, ",\"degraded\":[");
    for (int i = 0, count = degraded_find(found); i < count; i++) {
        out_text(o, i ? "," : "");
        out_string(o, found[i].name);
    }
    out_text(o, "]");
}

static void objects(struct out *o, size_t from)
{
    size_t to = o->used;
    char path[PLACE_PATH];
    const char *comma = "";
    out_text(o, ",\"objects\":{");
    for (const struct link_map *map = NULL; (map = report_next_object(o, from, to, map)); comma = ",") {
        out_text(o, comma);
        out_string(o, place_name(map));
        out_text(o, ":");
        out_string(o, place_path(map, path));
    }
    out_text(o, "}");
}

void report_json(struct out *o)
{
    char name[THREAD_NAME];
    size_t from = o->used;
    report_program(name);
    out_text(o, "{\"holdstill\":1,\"pid\":");
    out_number(o, sys_getpid());
    member_string(o, "program", name);
    member_string(o, "mode", report_modes[options.mode]);
    member(o, "hazard_count", ledger->hazards);
    findings(o, "hazards", 1);
    findings(o, "notes", 0);
    member(o, "lost", ledger->findings_lost);
    member(o, "suppressed", ledger->suppressed);
    forks(o);
    exits(o);
    threads(o);
    handlers(o);
    degraded(o);
    objects(o, from);
    member(o, "missing_names", report.missing);
    out_text(o, report.adapters_failed ? ",\"python\":\"failed\"}\n" : "}\n");
}
