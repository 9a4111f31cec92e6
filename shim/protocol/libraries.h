/* dlclose, while other threads may be inside of the library. */
#ifndef HOLDSTILL_LIBRARIES_H
#define HOLDSTILL_LIBRARIES_H

/*
 * As dlclose. With option dlclose=keep the library stays. With a report, threads that were inside of a
 * library that was unloaded are named: by their start routine, or the place of their wait.
 */
int libraries_close(void *handle);

#endif
