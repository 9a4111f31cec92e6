#include "environment.h"

#include <stddef.h>
#include <string.h>

static char **find(char **environment, const char *name)
{
    for (char **e = environment; e && *e; e++)
        if (strncmp(*e, name, strlen(name)) == 0)
            return e;
    return NULL;
}

const char *environment_get(char **environment, const char *name)
{
    char **found = find(environment, name);
    return found ? *found + strlen(name) : NULL;
}

static const char *file_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Is this element of a list, up to the separator at `end`, such a path? */
static int names(const char *element, const char *end, const char *file)
{
    size_t size = strlen(file), length = (size_t)(end - element);
    return length >= size && memcmp(end - size, file, size) == 0 &&
           (length == size || end[-(ptrdiff_t)size - 1] == '/');
}

static void cut(char *list, const char *file)
{
    char *to = list;
    for (const char *from = list; *from;) {
        const char *end = from + strcspn(from, ": ");
        if (end > from && !names(from, end, file)) {
            if (to > list)
                *to++ = ':';
            while (from < end)
                *to++ = *from++;
        }
        from = end + (*end != 0);
    }
    *to = 0;
}

void environment_forget_preload(char **environment, const char *file)
{
    static const char name[] = "LD_PRELOAD=";
    char **variable = find(environment, name);
    if (!variable)
        return;
    char *list = *variable + sizeof name - 1;
    cut(list, file_of(file));
    if (*list)
        return;
    do
        *variable = variable[1];
    while (*variable++);
}
