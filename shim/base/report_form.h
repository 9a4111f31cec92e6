/* The report in words and as JSON, from counts (report.h) and the ledger, which must be there. */
#ifndef HOLDSTILL_REPORT_FORM_H
#define HOLDSTILL_REPORT_FORM_H

#include "ledger.h"
#include "out.h"

/* Lines that begin with "holdstill: "; one alone if nothing happened. */
void report_text(struct out *o);

/* One JSON object in one line; the members are described in holdstill(1). */
void report_json(struct out *o);

/* The next loaded object behind `before` that a place in o->text, from `from` to `to`, names. */
const struct link_map *report_next_object(const struct out *o, size_t from, size_t to,
                                          const struct link_map *before);

/* The name of the program: its first thread's. */
void report_program(char name[THREAD_NAME]);

extern const char *const report_modes[];

#endif
