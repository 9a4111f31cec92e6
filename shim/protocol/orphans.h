/*
 * Option `orphans`: forked children end when their parent process has ended, by SIGKILL too. A
 * process that forks keeps the write end of a pipe to itself; each of its children asks the kernel for
 * a signal when the last write end is closed (fcntl(2), F_SETSIG). PR_SET_PDEATHSIG would tell of the
 * forking thread's end, not of the process's.
 */
#ifndef HOLDSTILL_ORPHANS_H
#define HOLDSTILL_ORPHANS_H

/* A program that this process has executed finds the lifeline of its children again. */
void orphans_start(void);

/* An execve ends no process, and must not end its children. For doors: EXECUTING; return libc. ... */
int orphans_exec_begins(void);
void orphans_exec_failed(const int *began);
#define EXECUTING                                                                               \
    int executing __attribute__((cleanup(orphans_exec_failed))) = orphans_exec_begins()

/* Before the fork: the process has a lifeline from now on. */
void orphans_prepare(void);

/* In the child: bound to the parent's lifeline, and without one of its own. */
void orphans_bind(void);

#endif
