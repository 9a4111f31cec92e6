/*
 * What a process knows for its report beyond counts: findings, exit handlers, threads at exit. Only
 * where a report, a trace or mode=observe or strict asks for it. Hazards of a child go to its parent's
 * ledger as well, which is in shared memory: most children leave without a report.
 */
#ifndef HOLDSTILL_LEDGER_H
#define HOLDSTILL_LEDGER_H

#include "finding.h"

enum { FINDINGS = 64, HANDLERS_KEPT = 64, THREADS_KEPT = 64 };

struct kept_finding {
    _Atomic int ready;
    _Atomic uint32_t times;
    struct finding finding;
    struct finding_places places;
};

struct kept_handler {
    const void *function;
    int64_t us;
};

enum thread_end { END_JOINED, END_STILL, END_LEFT };
struct kept_thread {
    int tid, joinable;
    enum thread_end end;
    int64_t run; /* its run time when the exit began */
    char name[THREAD_NAME];
    const void *start, *at;
};

struct ledger {
    _Atomic uint32_t findings, findings_lost, hazards, suppressed;
    _Atomic uint32_t forks, children; /* forks made, and children that have found what there is */
    uint32_t handlers, handlers_lost, threads, threads_lost;
    int status; /* of the exit */
    struct kept_finding finding[FINDINGS];
    struct kept_handler handler[HANDLERS_KEPT];
    struct kept_thread thread[THREADS_KEPT];
};

/* NULL: nobody wants it. */
extern struct ledger *ledger;

/* By the options. Also decides whether the places where locks are taken are kept. */
void ledger_start(void);
int ledger_wants_places(void);

/* In a child, before it looks for findings, and after. */
void ledger_child_begins(void);
void ledger_child_ends(void);

/* Keeps it, unless it is there already or suppressed. 1: it is new. */
int ledger_add(const struct finding *f);

/* As a finding that the user sees now: in mode=observe, unless the report on standard error shows it. */
void ledger_tell(const struct finding *f);

/* All that is in it, on standard error. */
void ledger_say_all(void);

/* The exiting thread: this one took so long. */
void ledger_handler(const void *function, int64_t us);

/* Waits, at most limit_us, for children that are still looking. */
void ledger_await_children(int64_t limit_us);

#endif
