/* stdio's streams at the end of a process and at a fork, by libc's own list of them. */
#ifndef HOLDSTILL_STREAMS_H
#define HOLDSTILL_STREAMS_H

/* Finds the list; without it the functions below do nothing. */
void streams_start(void);

/*
 * E7: exit flushes every stream and, from glibc 2.38 on, locks it for that: one in which a thread
 * sits for ever would hang it. Such a stream loses its lock; a writer is waited for while the other
 * side reads, at most `stall_ms` without progress, and what can't be written then is given up.
 */
void streams_free(void);

/* Flushes the streams in which no thread is, not even the calling one. */
void streams_flush(void);

/*
 * For the ledger: what streams have unwritten before a fork; and, when a child begins to exit and
 * will write the same, that it does.
 */
void streams_note(void);
void streams_compare(void);

/* In a child: what its parent has left in buffers is the parent's. */
void streams_forget(void);

#endif
