/* a library for victims that load and unload one */
#include <unistd.h>

/* A thread that stays in here until a byte can be read from *fd. */
void *plugin_stay(void *fd)
{
    char byte;

    return read(*(int *)fd, &byte, 1) == 1 ? fd : NULL;
}
