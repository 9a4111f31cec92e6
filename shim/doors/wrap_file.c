/* Doors: streams, and the locks of theirs. */
#include "base/export.h"
#include "core/acquire.h"
#include "core/operate.h"

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

/* One stream has a lock that libc resets; the list of all is what a fork waits for. */
EXPORT int fflush(FILE *file)
{
    record_self();
    if (file)
        return libc.fflush(file);
    BUSY(libc.fflush);
    return libc.fflush(NULL);
}

/* A wide stream's conversions are counted: their lock is hidden, that of the stream isn't. */
static int asks_for_conversion(const char *mode) { return strchr(mode, ',') != NULL; }

EXPORT FILE *fopen(const char *name, const char *mode)
{
    record_self();
    if (!asks_for_conversion(mode))
        return libc.fopen(name, mode);
    BUSY(libc.fopen);
    return libc.fopen(name, mode);
}

EXPORT FILE *fopen64(const char *name, const char *mode)
{
    record_self();
    if (!asks_for_conversion(mode))
        return libc.fopen64(name, mode);
    BUSY(libc.fopen64);
    return libc.fopen64(name, mode);
}

EXPORT int fclose(FILE *file)
{
    record_self();
    if (file->_mode <= 0)
        return libc.fclose(file);
    BUSY(libc.fclose);
    return libc.fclose(file);
}

EXPORT int fwide(FILE *file, int mode)
{
    record_self();
    if (mode <= 0)
        return libc.fwide(file, mode);
    BUSY(libc.fwide);
    return libc.fwide(file, mode);
}
