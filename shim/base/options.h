/* The settings of this process: HOLDSTILL_OPTIONS="name=value:name=value". */
#ifndef HOLDSTILL_OPTIONS_H
#define HOLDSTILL_OPTIONS_H

#include <stdint.h>

#include "export.h"

enum { OPTION_TEXT_SIZE = 256 };

/* Milliseconds are kept as microseconds; "inf" leaves room for sums and multiples. */
#define OPTION_FOREVER (INT64_MAX / 100000)

struct options {
#define OPTION_CHOICE(name, preset, choices, help) int name;
#define OPTION_MS(name, preset, maximum, help) int64_t name;
#define OPTION_NUMBER(name, preset, maximum, help) int64_t name;
#define OPTION_TEXT(name, preset, help) char name[OPTION_TEXT_SIZE];
#include "options.def"
#undef OPTION_CHOICE
#undef OPTION_MS
#undef OPTION_NUMBER
#undef OPTION_TEXT
};

enum { MODE_ACT, MODE_OFF, MODE_OBSERVE, MODE_REPAIR, MODE_STRICT };
enum { REPORT_TEXT, REPORT_JSON };
enum { STRICT_EXIT, STRICT_ABORT };
enum { STUCK_REPORT, STUCK_ABORT, STUCK_EXIT };
enum { EXIT_HANDLERS_RUN, EXIT_HANDLERS_FLUSH };
enum { HANDLER_OVER_REPORT, HANDLER_OVER_LEAVE };
enum { INHERITED_HANDLERS_RUN, INHERITED_HANDLERS_SKIP };
enum { ORPHANS_KEEP, ORPHANS_TERM, ORPHANS_KILL };
enum { DLCLOSE_CLOSE, DLCLOSE_KEEP };
enum { PYTHON_YES, PYTHON_NO };
enum { INHERIT_YES, INHERIT_NO };
enum { CHECK_NO, CHECK_YES };

extern INTERNAL struct options options;

/* Does a fork or an exit wait, and hold others? Else it goes as it does bare. */
static inline int mode_closes(void)
{
    return options.mode == MODE_ACT || options.mode == MODE_STRICT;
}

/* The status of a process that the shim ends, unless an option says otherwise. */
enum { STATUS_ENDED = 70 };

/* Sets the defaults, then what `text` says. Every fault in it is one line on stderr; the default
   stays. Async-signal-safe. */
void options_parse(const char *text);

/* Reads HOLDSTILL_OPTIONS, unless the process is privileged (AT_SECURE). */
void options_read(char **environment);

#endif
