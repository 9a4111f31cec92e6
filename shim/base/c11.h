/* C11 threads over POSIX ones: the objects are the same, the results are not (ISO C 7.26.1). */
#ifndef HOLDSTILL_C11_H
#define HOLDSTILL_C11_H

#include <errno.h>
#include <threads.h>

static inline int c11_result(int error)
{
    switch (error) {
    case 0: return thrd_success;
    case EBUSY: return thrd_busy;
    case ETIMEDOUT: return thrd_timedout;
    case ENOMEM: return thrd_nomem;
    default: return thrd_error;
    }
}

#endif
