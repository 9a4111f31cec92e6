/*
 * How long an exit handler may take: by a timer of the kernel's for the exiting thread. Off unless
 * handler_limit_ms is set.
 */
#ifndef HOLDSTILL_LIMIT_H
#define HOLDSTILL_LIMIT_H

/*
 * From now on the exiting thread is in this handler; NULL: in what libc runs itself (destructors of
 * libraries, the last flush). Over the limit it is named, once; with handler_over=leave the process
 * flushes its streams and ends with `status`. The timer of the one before is cancelled.
 */
void limit_begin(const void *handler, int status);

#endif
