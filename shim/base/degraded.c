#include "degraded.h"

#include "layout.h"
#include "report.h"
#include "sys.h"

int degraded_find(struct degraded found[DEGRADED])
{
    const struct {
        int holds;
        struct degraded what;
    } all[DEGRADED] = {
        {layout.condition_wrefs < 0, {"conditions", "conditions are not mended: their layout is not known"}},
        {!layout.barrier, {"barriers", "barriers are not mended: their layout is not known"}},
        {!layout.semaphore_tail, {"semaphores", "semaphores are not mended: libc uses all of them"}},
        {report.forks_unseen != 0, {"unseen-forks", "forks that pass no call of libc are not noticed"}},
        {!sys_is_there("/proc/self/task"), {"no-proc", "no /proc: threads are judged by their clocks"}},
        {report.memory_short != 0, {"no-memory", "no memory: some threads or handlers are not looked after"}}};
    int count = 0;
    for (int i = 0; i < DEGRADED; i++)
        if (all[i].holds)
            found[count++] = all[i].what;
    return count;
}
