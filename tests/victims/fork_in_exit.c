/* bare: hangs from 2.41 on; shimmed: ok */
/*
 * A thread forks while another one is inside of an exit handler; the child
 * leaves by exit as well.
 *
 *   fork_in_exit     Output: "child:5 handler", in this order.  Status 6.
 */
#include "victim.h"

static pthread_barrier_t in_handler;
static bool done; /* atomic */
static pid_t exiting;

static void first_handler(void)
{
    if (getpid() != exiting)
        return;
    pthread_barrier_wait(&in_handler);
    while (!__atomic_load_n(&done, __ATOMIC_SEQ_CST))
        sleep_us(1000);
    crumb(" handler");
}

static void last_handler(void)
{
    if (getpid() != exiting)
        crumb("child");
}

static void *fork_then(void *unused)
{
    pthread_barrier_wait(&in_handler);
    pid_t child = fork();
    char text[20];

    if (child < 0)
        die("fork");
    if (child == 0)
        exit(5);
    int status = reap(child);

    snprintf(text, sizeof text, ":%d", status >= 0 ? WEXITSTATUS(status) : -1);
    if (write(1, text, strlen(text)) < 0)
        die("write");
    __atomic_store_n(&done, true, __ATOMIC_SEQ_CST);
    return unused;
}

int main(void)
{
    exiting = getpid();
    MUST(pthread_barrier_init(&in_handler, NULL, 2));
    atexit(last_handler);
    atexit(first_handler);
    start_detached(fork_then, NULL);
    return 6;
}
