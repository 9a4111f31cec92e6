/*
 * Mending, in a forked child, what vanished threads held or were waiting in (DESIGN.md section 4).
 * Only the forking thread is there. Shared memory is never touched, whatever the object says of
 * itself.
 */
#ifndef HOLDSTILL_REPAIR_H
#define HOLDSTILL_REPAIR_H

#include "held.h"

/*
 * me: the thread that forked, old_tid: what it was called in the parent. Counts the
 * generation, which makes every other record a ghost, and mends the ghosts' entries; then gives me's own locks its new name. Returns how many
 * objects were mended. looks_only: nothing is changed, and it returns how many would have been.
 */
int repair_child(struct record *me, int old_tid, int looks_only);

#endif
