/*
 * Locks of the interpreter's that make no call: doors in front of their methods, which are called by
 * way of tables that the interpreter's own object has.
 */
#ifndef HOLDSTILL_PYTHON_LOCKS_H
#define HOLDSTILL_PYTHON_LOCKS_H

#include "python_api.h"

/*
 * hook(lock, kind): a Lock (0) or an RLock (1), whose type's
 * methods are to pass our doors from here on; tells whether they do.
 */
object *locks_hook(object *self, object *arguments);

#endif
