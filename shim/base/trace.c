#include "trace.h"

#include <limits.h>
#include <string.h>

#include "options.h"
#include "out.h"
#include "place.h"
#include "proc.h"
#include "say.h"
#include "sink.h"
#include "sys.h"

enum { LARGEST = 64 << 20, LINE = 1024 };

int trace_is_on;
static char path[PATH_MAX];

void trace_start(void)
{
    if (strcmp(options.trace, "no") == 0)
        return;
    size_t used = 0, size = strlen(options.trace);
    if (options.trace[0] != '/') {
        long length = sys_call(SYS_getcwd, (long)path, (long)(sizeof path - size - 1), 0, 0, 0, 0);
        used = length > 0 && path[0] == '/' ? (size_t)length - 1 : 0;
        if (used)
            path[used++] = '/';
    }
    memcpy(path + used, options.trace, size + 1);
    trace_is_on = 1;
    trace_process();
}

IN_CHILD void trace_process(void)
{
    char name[32];
    int pid = sys_getpid();
    if (!trace_is_on)
        return;
    proc_name(pid, name, sizeof name);
    TRACE(.phase = TRACE_NAME, .tid = pid, .text = name);
}

int64_t trace_now(void) { return trace_is_on ? sys_now_us() : 0; }

static void give_up(const char *why)
{
    trace_is_on = 0;
    say(why, " ", path);
}

static void out_arguments(struct out *o, const struct trace_event *e)
{
    const char *comma = "";
    out_text(o, ",\"args\":{");
    if (e->text) {
        out_key(o, e->phase == TRACE_NAME ? "name" : "what");
        out_string(o, e->text);
        comma = ",";
    }
    if (e->place) {
        out_text(o, comma);
        out_key(o, "place");
        out_string(o, place_describe(e->place).text);
        comma = ",";
    }
    if (e->counted) {
        out_text(o, comma);
        out_key(o, e->counted);
        out_number(o, e->count);
    }
    out_text(o, "}");
}

static void out_event(struct out *o, const struct trace_event *e)
{
    int64_t now = sys_now_us(), at = e->began ? e->began : now;
    char phase[] = {(char)e->phase, 0};
    out_text(o, "{\"name\":");
    out_string(o, e->phase == TRACE_NAME ? "thread_name" : e->name);
    out_text(o, ",\"cat\":");
    out_string(o, e->category ? e->category : "thread");
    out_text(o, ",\"ph\":");
    out_string(o, phase);
    out_text(o, ",\"ts\":");
    out_number(o, at);
    if (e->phase == TRACE_WHOLE) {
        out_text(o, ",\"dur\":");
        out_number(o, now - at);
    }
    if (e->phase == TRACE_INSTANT)
        out_text(o, ",\"s\":\"t\"");
    out_text(o, ",\"pid\":");
    out_number(o, sys_getpid());
    out_text(o, ",\"tid\":");
    out_number(o, e->tid ? e->tid : sys_gettid());
    out_arguments(o, e);
    out_text(o, "},\n");
}

/* The descriptor isn't kept: programs close those that they don't know, and use their numbers anew. */
void trace_write(const struct trace_event *event)
{
    char line[LINE];
    struct out o = {line, 0, sizeof line};
    int is_new;
    long fd = sink_open(path, &is_new);
    if (fd < 0) {
        give_up("can't write the trace to");
        return;
    }
    long size = sys_call(SYS_lseek, fd, 0, 2 /* SEEK_END */, 0, 0, 0);
    if (is_new || size == 0)
        out_text(&o, "[\n");
    out_event(&o, event);
    if (size > LARGEST)
        give_up("the trace is full:");
    else if (o.used < o.room && sink_write((int)fd, line, o.used) < 0)
        give_up("can't write all of the trace to");
    sys_close((int)fd);
}
