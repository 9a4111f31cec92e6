/*
 * How long somebody has been looking at something, again and again, by the clock. Of what lies between two looks a
 * tenth of a second counts at most: looks are milliseconds apart, so the process was stopped, or the machine, or
 * neither we nor those whom we wait for got a CPU.
 */
#ifndef HOLDSTILL_STOPWATCH_H
#define HOLDSTILL_STOPWATCH_H

#include "sys.h"

enum { STOPWATCH_LOOK_US = 100 * 1000 };

struct stopwatch {
    int64_t looked, passed; /* us: the clock at the last look, and what counts until then */
};

static inline struct stopwatch stopwatch_start(void) { return (struct stopwatch){sys_now_us(), 0}; }

/* A look: the microseconds that count since the start. Async-signal-safe. */
static inline int64_t stopwatch_look(struct stopwatch *w)
{
    int64_t now = sys_now_us(), step = now - w->looked;
    w->looked = now;
    return w->passed += step < STOPWATCH_LOOK_US ? step : STOPWATCH_LOOK_US;
}

#endif
