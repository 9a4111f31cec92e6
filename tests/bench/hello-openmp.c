/* hello-openmp: a team of threads that is still there, and for a while still spinning, when main
 * returns. */
#include <omp.h>
#include <stdio.h>

int main(void)
{
#pragma omp parallel
    printf("hello from %d of %d\n", omp_get_thread_num(), omp_get_num_threads());
    return 0;
}
