/* CPython as far as we call it; all pointers are NULL until python_find succeeded. */
#ifndef HOLDSTILL_PYTHON_API_H
#define HOLDSTILL_PYTHON_API_H

#include <stdint.h>
#include <sys/types.h>

typedef struct object object; /* the head of every Python object is its own affair */

struct method { /* PyMethodDef */
    const char *name;
    object *(*function)(object *self, object *arguments);
    int flags;
    const char *documentation;
};
enum { METHOD_VARARGS = 1, COMPILE_FILE = 257 };

struct python {
#define PYTHON(result, name, parameters, need) result(*name) parameters;
#include "python_api.def"
#undef PYTHON
};
extern struct python python;

/*
 * Is there an interpreter in this process? Looks for one when something was loaded since the last
 * look; when it is found, its lock is known to the gate. Any thread may ask.
 */
int python_find(void);

/* The interpreter ends, or has ended: it sends its threads away. */
int python_is_ending(void);

#endif
