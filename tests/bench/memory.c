/* memory THREADS: anonymous memory in KiB that THREADS idle threads add, per thread. */
#include "idle.h"

/* Walks the page tables: the counters in statm lag behind by up to 64 pages a thread. */
static long anonymous_kib(void)
{
    char line[256];
    long kib = -1;
    FILE *rollup = fopen("/proc/self/smaps_rollup", "r");
    must(!rollup, "/proc/self/smaps_rollup");
    while (kib < 0 && fgets(line, sizeof line, rollup))
        sscanf(line, "Anonymous: %ld", &kib);
    fclose(rollup);
    must(kib < 0, "Anonymous");
    return kib;
}

int main(int argc, char **argv)
{
    usage(argc != 2, "memory THREADS");
    int threads = atoi(argv[1]);
    start_idle_threads(1);
    long before = anonymous_kib();
    start_idle_threads(threads);
    printf("%.4f\n", (double)(anonymous_kib() - before) / threads);
    return 0;
}
