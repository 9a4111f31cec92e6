/* Doors: the locks of streams. */
#include "base/export.h"
#include "core/acquire.h"

EXPORT void flockfile(FILE *file)
{
    ACQUIRE(file, KIND_FILE, METHOD_LOCK, 0, NULL);
}

EXPORT int ftrylockfile(FILE *file)
{
    return ACQUIRE(file, KIND_FILE, METHOD_TRY, 0, NULL);
}

EXPORT void funlockfile(FILE *file)
{
    release_file(file);
}
