#include "finding.h"

#include "sink.h"

static struct place_text describe(const void *address)
{
    return address ? place_describe(address) : (struct place_text){""};
}

void finding_describe(const struct finding *f, struct finding_places *places)
{
    places->object = describe(f->object);
    places->start = describe(f->start);
    places->taken = describe(f->taken);
    places->at = describe(f->at);
}

/* , TEXT PLACE */
static void out_place(struct out *o, const char *text, const struct place_text *place)
{
    if (!place->text[0])
        return;
    out_text(o, text);
    out_plain(o, place->text);
}

/* thread 'name' (123, started with program+0x1 (f)) */
static void out_thread(struct out *o, const struct finding *f, const struct finding_places *places)
{
    out_text(o, "thread '");
    out_plain(o, f->thread);
    out_text(o, "' (");
    out_number(o, f->tid);
    out_place(o, ", started with ", &places->start);
    out_text(o, ")");
}

static void out_object(struct out *o, const struct finding *f, const struct finding_places *places)
{
    out_text(o, f->what);
    out_place(o, " ", &places->object);
}

static void text_of_fork(struct out *o, const struct finding *f, const struct finding_places *places)
{
    if (f->kind == FOUND_LIBC) {
        out_text(o, "libc's ");
        out_text(o, f->what);
        out_text(o, " may stay locked in a child: ");
        out_thread(o, f, places);
        out_text(o, " was in it at the fork");
        out_place(o, ", called at ", &places->taken);
        return;
    }
    out_object(o, f, places);
    out_text(o, " was held at a fork by ");
    out_thread(o, f, places);
    out_place(o, ", taken at ", &places->taken);
    out_text(o, f->mended ? "; free in the child, what it guards may be half written"
                          : "; locked for ever in the child");
}

static void text_of_call(struct out *o, const struct finding *f, const struct finding_places *places)
{
    out_text(o, "this child calls libc's ");
    out_text(o, f->what);
    out_place(o, " at ", &places->at);
    out_text(o, ", whose locks may stay locked: ");
    out_thread(o, f, places);
    out_text(o, " was in it at the fork");
    out_place(o, ", called at ", &places->taken);
}

static void text_of_child(struct out *o, const struct finding *f, const struct finding_places *places)
{
    int held = f->kind == FOUND_WAITS;
    out_text(o, "this child ");
    out_text(o, held ? "waits for " : "uses ");
    out_object(o, f, places);
    out_place(o, " at ", &places->at);
    out_text(o, held ? ", which " : ", in which ");
    out_thread(o, f, places);
    out_text(o, held ? " held when it vanished at the fork" : " waited when it vanished at the fork");
    out_place(o, held ? ", taken at " : ", at ", &places->taken);
}

static void text_of_stuck(struct out *o, const struct finding *f, const struct finding_places *places)
{
    out_text(o, "this child can never go on: for ");
    out_number(o, f->amount / 1000);
    out_text(o, " ms its only thread has waited for ");
    out_object(o, f, places);
    out_place(o, ", called at ", &places->at);
    if (!f->tid)
        return;
    out_text(o, "; ");
    out_thread(o, f, places);
    out_text(o, " held it when it vanished at the fork");
    out_place(o, ", taken at ", &places->taken);
}

static void text_of_exit(struct out *o, const struct finding *f, const struct finding_places *places)
{
    out_thread(o, f, places);
    if (f->kind == FOUND_EXITS) {
        out_place(o, " calls exit at ", &places->at);
        out_text(o, places->at.text[0] ? " while another thread exits" : " exits while another thread does");
        return;
    }
    out_text(o, ", ");
    out_text(o, f->what);
    out_text(o, ", runs beside the exit handlers");
    out_place(o, ", last seen at ", &places->at);
}

static void text_of_output(struct out *o, const struct finding *f)
{
    out_text(o, "this child writes ");
    out_number(o, f->amount);
    out_text(o, " bytes that its parent had not written yet at the fork, too: stream of descriptor ");
    out_number(o, f->tid);
}

void finding_text(struct out *o, const struct finding *f, const struct finding_places *places)
{
    switch (f->kind) {
    case FOUND_HELD:
    case FOUND_LIBC: text_of_fork(o, f, places); break;
    case FOUND_CALLS: text_of_call(o, f, places); break;
    case FOUND_WAITS:
    case FOUND_CONDITION: text_of_child(o, f, places); break;
    case FOUND_STUCK: text_of_stuck(o, f, places); break;
    case FOUND_BESIDE:
    case FOUND_EXITS: text_of_exit(o, f, places); break;
    case FOUND_TWICE: text_of_output(o, f); break;
    default:
        out_place(o, "this child runs an exit handler of its parent's: ", &places->at);
        break;
    }
}

static void json_place(struct out *o, const char *name, const struct place_text *place)
{
    if (!place->text[0])
        return;
    out_text(o, ",");
    out_key(o, name);
    out_string(o, place->text);
}

static void json_thread(struct out *o, const struct finding *f, const struct finding_places *places)
{
    out_text(o, ",\"thread\":{\"name\":");
    out_string(o, f->thread);
    out_text(o, ",\"tid\":");
    out_number(o, f->tid);
    json_place(o, "start", &places->start);
    out_text(o, "}");
}

static const char *const names[FOUND_KINDS] = {
    [FOUND_HELD] = "held-at-fork",     [FOUND_LIBC] = "libc-at-fork",
    [FOUND_WAITS] = "waits-for-vanished", [FOUND_CONDITION] = "uses-condition-of-vanished",
    [FOUND_CALLS] = "calls-libc-of-vanished", [FOUND_STUCK] = "stuck",           [FOUND_BESIDE] = "beside-exit-handlers",
    [FOUND_EXITS] = "concurrent-exit", [FOUND_TWICE] = "double-output",
    [FOUND_INHERITED] = "inherited-handler"};

void finding_json(struct out *o, const struct finding *f, const struct finding_places *places)
{
    out_text(o, "\"kind\":");
    out_string(o, names[f->kind]);
    out_text(o, ",\"pid\":");
    out_number(o, f->pid);
    if (f->what) {
        out_text(o, ",\"what\":");
        out_string(o, f->what);
    }
    json_place(o, "object", &places->object);
    json_place(o, "taken", &places->taken);
    json_place(o, "at", &places->at);
    if (f->kind == FOUND_TWICE) {
        out_text(o, ",\"descriptor\":");
        out_number(o, f->tid);
        out_text(o, ",\"bytes\":");
        out_number(o, f->amount);
    } else if (f->tid) {
        json_thread(o, f, places);
    }
    if (f->kind == FOUND_HELD)
        out_text(o, f->mended ? ",\"mended\":true" : ",\"mended\":false");
}

void finding_say(const struct finding *f)
{
    char line[1200];
    struct out o = {line, 0, sizeof line - 1};
    struct finding_places places;
    finding_describe(f, &places);
    out_text(&o, "holdstill: process ");
    out_number(&o, f->pid);
    out_text(&o, ": ");
    finding_text(&o, f, &places);
    line[o.used++] = '\n';
    sink_write(2, line, o.used);
}
