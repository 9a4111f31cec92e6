/* One thing that went wrong, or would have: what, who, where. For people as a line, or as JSON. */
#ifndef HOLDSTILL_FINDING_H
#define HOLDSTILL_FINDING_H

#include <stdatomic.h>
#include <stdint.h>

#include "out.h"
#include "place.h"

enum finding_kind {
    FOUND_HELD,      /* a thread that a fork left behind was in it */
    FOUND_LIBC,      /* ... in a libc function, whose locks stay locked */
    FOUND_WAITS,     /* a child waits for what such a thread has */
    FOUND_CALLS,     /* a child calls a libc function in which such a thread was */
    FOUND_CONDITION, /* a child uses a condition in which such a thread waited */
    FOUND_STUCK,     /* a child waits for nobody */
    FOUND_BESIDE,    /* a thread runs beside the exit handlers */
    FOUND_EXITS,     /* a second thread exits */
    FOUND_TWICE,     /* a child writes what its parent had left in a buffer, too */
    FOUND_INHERITED, /* a child runs an exit handler of its parent's: no hazard by itself */
    FOUND_KINDS
};

enum { THREAD_NAME = 16 };

struct finding {
    enum finding_kind kind;
    int mended;          /* the child goes on as if it had never been */
    int pid, tid;        /* of the process that found it, of the thread that it is about; 0: none */
    const char *what;    /* "mutex"; the name of a libc function */
    const void *object;
    const void *start;   /* the thread's start routine; NULL: the main thread's, or unknown */
    const void *taken;   /* where the thread took it, or began to wait */
    const void *at;      /* where it shows */
    int64_t amount;      /* bytes, or microseconds */
    char thread[THREAD_NAME];
};

/* The addresses of a finding in words: they outlive the libraries that they are in. */
struct finding_places {
    struct place_text object, start, taken, at;
};
void finding_describe(const struct finding *f, struct finding_places *places);

/* Is it one that error_exitcode counts? */
static inline int finding_is_hazard(const struct finding *f) { return f->kind != FOUND_INHERITED; }

/* A clause without a full stop. */
void finding_text(struct out *o, const struct finding *f, const struct finding_places *places);

/* The same as members of a JSON object. */
void finding_json(struct out *o, const struct finding *f, const struct finding_places *places);

/* The finding as a line on standard error. Async-signal-safe. */
void finding_say(const struct finding *f);

#endif
