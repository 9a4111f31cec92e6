/*
 * OpenMP's workers. An idle one spins for some milliseconds before it sleeps, which looks like work; but
 * a worker has work only while the thread that began the region is in it.
 */
#ifndef HOLDSTILL_OPENMP_H
#define HOLDSTILL_OPENMP_H

#include "threads.h"

/* Is r a worker of the OpenMP runtime's, which idles as far as the calling thread, outside of any
   region, is concerned? */
int openmp_is_idle(const struct record *r);

#endif
