#include "openmp.h"

#include <stddef.h>
#include <string.h>

#include "base/elf.h"
#include "base/place.h"

int openmp_is_idle(const struct record *r)
{
    static const char *const runtimes[] = {"libgomp.so", "libomp.so", "libomp5.so", "libiomp5.so"};
    const char *object = r->start ? place_object_name((const void *)r->start) : "";
    int (*in_parallel)(void) = NULL;
    for (size_t i = 0; i < sizeof runtimes / sizeof *runtimes; i++)
        if (strncmp(object, runtimes[i], strlen(runtimes[i])) == 0)
            in_parallel = elf_next("omp_in_parallel");
    return in_parallel && !in_parallel();
}
