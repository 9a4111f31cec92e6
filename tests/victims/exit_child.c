/* bare: wrong; shimmed with inherited_handlers=skip, flush_on_fork=yes: ok */
/*
 * A child of fork that leaves by exit: the parent's handlers are not its own,
 * and what the parent has printed, but not written yet, is not its text.
 *
 *   exit_child handlers | buffers | stuck
 *
 * handlers: the child registers one more.  buffers: a line is in stdout's buffer
 * at the fork.  stuck: that, and another thread sits in a write to a full pipe.
 * Output: each word once.  Status 0.
 */
#include "victim.h"

#include <fcntl.h>

static FILE *full;

static void of_parent(void)
{
    printf("parent ");
    fflush(stdout);
}

static void of_child(void)
{
    printf("child ");
    fflush(stdout);
}

static void *fill(void *unused)
{
    static char bytes[100];

    for (;;)
        fwrite(bytes, 1, sizeof bytes, full);
    return unused;
}

static void fill_a_pipe(void)
{
    int ends[2];

    if (pipe(ends) || !(full = fdopen(ends[1], "w")))
        die("pipe");
    start_detached(fill, NULL);
    await_asleep(1);
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "handlers";
    int status;

    if (strcmp(what, "handlers") == 0)
        atexit(of_parent);
    else
        printf("text ");
    if (strcmp(what, "stuck") == 0)
        fill_a_pipe();
    pid_t child = fork();

    if (child < 0)
        die("fork");
    if (child == 0) {
        if (strcmp(what, "handlers") == 0)
            atexit(of_child);
        exit(0);
    }
    if (waitpid(child, &status, 0) != child)
        die("waitpid");
    if (strcmp(what, "stuck") == 0) {
        fflush(stdout);
        _exit(status != 0);
    }
    return status != 0;
}
