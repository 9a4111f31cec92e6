/*
 * Option trace: what happens around forks and exits, as events that Perfetto and Chrome show: the array
 * form of Chrome's trace format, an event a line, without the bracket at its end, so that the file is
 * whole whenever the process ends. Each event is appended by itself; all are async-signal-safe.
 */
#ifndef HOLDSTILL_TRACE_H
#define HOLDSTILL_TRACE_H

#include <stdint.h>

/* Is there a trace? */
extern int trace_is_on;

/* By the options: finds the file's place while the program is still in its directory. */
void trace_start(void);

/* Names the process, which was just started or forked, by its first thread. */
void trace_process(void);

enum trace_phase { TRACE_BEGIN = 'B', TRACE_END = 'E', TRACE_WHOLE = 'X', TRACE_INSTANT = 'i', TRACE_NAME = 'M' };

struct trace_event {
    enum trace_phase phase;
    const char *name, *category;
    int tid;             /* 0: the calling thread's */
    int64_t began;       /* 0: now; of WHOLE: it lasts from then until now */
    const void *place;   /* NULL: none */
    const char *text;    /* of NAME: the thread's name; else a word about it, or NULL */
    const char *counted; /* what `count` counts, or NULL */
    int64_t count;
};
void trace_write(const struct trace_event *event);

#define TRACE(...)                                                                              \
    (__builtin_expect(trace_is_on, 0) ? trace_write(&(const struct trace_event){__VA_ARGS__})   \
                                      : (void)0)

/* When an event of phase WHOLE begins; 0 without a trace. */
int64_t trace_now(void);

#endif
