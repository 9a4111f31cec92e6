/*
 * OpenMP's workers. At exit: an idle one spins for some milliseconds before it sleeps, which looks like work; but
 * a worker has work only while the thread that began the region is in it. In a child: they are
 * gone, which libgomp doesn't know.
 */
#ifndef HOLDSTILL_OPENMP_H
#define HOLDSTILL_OPENMP_H

#include "threads.h"

/* Is r a worker of the OpenMP runtime's, which idles as far as the calling thread, outside of any
   region, is concerned? */
int openmp_is_idle(const struct record *r);

/*
 * Is (or was) it one of libgomp's? For a single thread, while the others hold still. Looked up once; the forking
 * thread does so for all new ones, so that not each child has to.
 */
int openmp_is_worker(struct record *r);
void openmp_look_at_all(void);
void openmp_thread_made(void); /* a new one */

/*
 * In a forked child, after that: libgomp would wait for ever for the workers that the calling thread had. Outside of any
 * region it forgets them, and makes new ones for the next. looks_only: nothing is changed. Returns how many of its
 * copies had some.
 */
int openmp_forget_workers(int looks_only);

#endif
