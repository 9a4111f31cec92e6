/* What is counted for the report. Counters only grow; any thread may add. */
#ifndef HOLDSTILL_REPORT_H
#define HOLDSTILL_REPORT_H

#include <stdatomic.h>
#include <stdint.h>

#include "export.h"

enum { REST_RANKS = 176 }; /* up to 16 s */

struct report {
    _Atomic int64_t forks, forks_not_still, threads_given_up, worst_rest_us;
    _Atomic uint32_t rest[REST_RANKS]; /* how many forks came to rest in so long */
    _Atomic int64_t mended;    /* in this child */
    _Atomic int64_t joined_us; /* spent in E3 */
    _Atomic int64_t exit_not_still, stalls, handlers;
    _Atomic int64_t handlers_over; /* took longer than their limit */
    _Atomic int64_t streams_cut; /* their unwritten output was given up */
    _Atomic int64_t adapters_failed; /* a runtime's adapter stays out */
    _Atomic int64_t memory_short; /* threads and handlers for which there was none */
    /* What children inherit. */
    _Atomic int64_t forks_unseen; /* no page is wiped by a fork here */
    _Atomic int64_t missing; /* required names that this libc doesn't have */
};
extern INTERNAL struct report report;

static inline void report_count(_Atomic int64_t *counter, int64_t amount)
{
    atomic_fetch_add_explicit(counter, amount, memory_order_relaxed);
}

/* One fork came to rest after so long, or didn't. */
void report_rest(int64_t us, int given_up);

/* Half of the forks came to rest within so long, at most an eighth more. */
int64_t report_median_rest_us(void);

/* In a child: begin anew. */
void report_reset(void);

/* Writes the report where option `report` says. Async-signal-safe. */
void report_write(void);

#endif
