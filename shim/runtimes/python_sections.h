/* What the adapter's functions in Python say and ask of critical sections. */
#ifndef HOLDSTILL_PYTHON_SECTIONS_H
#define HOLDSTILL_PYTHON_SECTIONS_H

#include "python_api.h"

/*
 * section(object, guards): the calling thread takes the object, a semaphore. Holds still first if the
 * gate is closed. One that guards nothing is mended in a child, and never awaited.
 */
object *section_begin(object *self, object *arguments);

/* section_end(object): released; tells whether the calling thread had taken it. */
object *section_end(object *self, object *arguments);

/*
 * sections(), in a child: a flat list: for each that a thread of the parent's had taken, or may have, its
 * ident and the object.
 */
object *section_list(object *self, object *arguments);

/* locks_seen(): in how many locks the calling thread is that doors see. */
object *section_count_seen(object *self, object *arguments);

#endif
