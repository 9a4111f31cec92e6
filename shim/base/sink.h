/* Files that options name: the report, the trace. */
#ifndef HOLDSTILL_SINK_H
#define HOLDSTILL_SINK_H

#include <stddef.h>

/*
 * Opens the file for appending, and makes it if need be: never through a symbolic link as its last part,
 * never a terminal or pipe that would make us wait. %p in the name is the process's number, %% a per
 * cent sign. *is_new, unless NULL: it was made now. A negative errno on failure. Async-signal-safe.
 */
long sink_open(const char *name, int *is_new);

/* Writes all, as one piece if the file takes it so. 0, or a negative errno. */
long sink_write(int fd, const char *text, size_t size);

#endif
