/* Files that options name (the report, the trace), and what is written to them and to standard error. */
#ifndef HOLDSTILL_SINK_H
#define HOLDSTILL_SINK_H

#include <stddef.h>

/*
 * Opens the file for appending, and makes it if need be: never through a symbolic link as its last part,
 * never a terminal or pipe that would make us wait. %p in the name is the process's number, %% a per
 * cent sign. *is_new, unless NULL: it was made now. A negative errno on failure. Async-signal-safe.
 */
long sink_open(const char *name, int *is_new);

/*
 * Writes all, as one piece if the file takes it so, and raises no signal. 0, or a negative errno.
 */
long sink_write(int fd, const char *text, size_t size);

/*
 * The process ends: from now on a signal that a write would have raised stays blocked. To take it needs a system
 * call which may be deadly where they are filtered (seccomp), and sandboxes limit the size of files.
 */
void sink_end(void);

#endif
