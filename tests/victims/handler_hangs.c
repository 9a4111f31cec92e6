/* bare: hangs; shimmed with handler_limit_ms and handler_over=leave: ok */
/*
 * An exit handler that never ends.
 *
 *   handler_hangs spins|waits|prints
 *
 * prints: it is in the middle of a printf, and holds stdout's lock.  Another
 * stream has something to be flushed.  Output: "kept".  Status 8.
 */
#include "victim.h"

static const char *how;
static int ends[2];

void hanging_handler(void)
{
    char byte;

    if (strcmp(how, "prints") == 0)
        flockfile(stdout);
    if (strcmp(how, "waits") == 0)
        while (read(ends[0], &byte, 1) != 0)
            ;
    for (;;)
        ;
}

int main(int argc, char **argv)
{
    FILE *other = fdopen(dup(1), "w");

    how = argc > 1 ? argv[1] : "spins";
    if (!other || pipe(ends))
        die("pipe");
    fputs("kept", other);
    atexit(hanging_handler);
    return 8;
}
