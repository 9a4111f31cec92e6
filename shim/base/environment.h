/* The environment that the programs which this one executes inherit. */
#ifndef HOLDSTILL_ENVIRONMENT_H
#define HOLDSTILL_ENVIRONMENT_H

/* The value of NAME (which ends with '='), or NULL. */
const char *environment_get(char **environment, const char *name);

/*
 * Takes the object of that file name, in whatever directory, out of LD_PRELOAD, and LD_PRELOAD out
 * of the environment if nothing is left. In place: nothing is allocated.
 */
void environment_forget_preload(char **environment, const char *file);

#endif
