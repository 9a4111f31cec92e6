#include "degraded.h"

#include "layout.h"
#include "mapping.h"
#include "proc.h"
#include "report.h"
#include "sys.h"

int degraded_find(struct degraded found[DEGRADED])
{
    int count = 0;
    const struct {
        int holds;
        struct degraded what;
    } all[DEGRADED] = {
        {layout.condition_wrefs < 0, {"conditions", "conditions are not mended: their layout is not known"}},
        {!layout.barrier, {"barriers", "barriers are not mended: their layout is not known"}},
        {!layout.semaphore_tail, {"semaphores", "semaphores are not mended: libc uses all of them"}},
        {report.forks_unseen != 0, {"unseen-forks", "forks that pass no call of libc are not noticed"}},
        {!proc_is_there(), {"no-proc", "no /proc: threads are judged by their clocks"}},
        {proc_run_time(sys_gettid()) < 0, {"no-clocks", "no clocks of threads: who sleeps looks idle"}},
        {mapping_of(&count) != MAPPING_PRIVATE,
         {"no-mappings", "locks are not mended: shared memory can't be told from private"}},
        {report.memory_short != 0, {"no-memory", "no memory: some threads or handlers are not looked after"}}};
    for (int i = 0; i < DEGRADED; i++)
        if (all[i].holds)
            found[count++] = all[i].what;
    return count;
}
