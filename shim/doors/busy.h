/* Doors that are a critical section for as long as libc's function runs. */
#ifndef HOLDSTILL_BUSY_H
#define HOLDSTILL_BUSY_H

#include "base/export.h"
#include "core/operate.h"

/* There are many of them, and none is short: their size counts for more. */
#pragma GCC optimize("Os")

#define BUSY_DOOR(type, name, parameters, arguments)                                            \
    EXPORT type name parameters                                                                 \
    {                                                                                           \
        BUSY(libc.name);                                                                        \
        return libc.name arguments;                                                             \
    }
#define BUSY_DOOR_VOID(name, parameters, arguments)                                             \
    EXPORT void name parameters                                                                 \
    {                                                                                           \
        BUSY(libc.name);                                                                        \
        libc.name arguments;                                                                    \
    }

#endif
