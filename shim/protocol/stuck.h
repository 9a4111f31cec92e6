/*
 * Option stuck_ms: a forked child whose only thread waits for ever, for nobody: the thread that it waits
 * for vanished at the fork. Found by a thread of the kernel's own that libc doesn't know of.
 */
#ifndef HOLDSTILL_STUCK_H
#define HOLDSTILL_STUCK_H

/*
 * In a child: watches its thread from now on. Stuck is who sleeps in one and the same futex call
 * without limit, on private memory, for stuck_ms, while there is no other thread, no timer, and no signal
 * handler that could come.
 */
void stuck_watch(void);

#endif
