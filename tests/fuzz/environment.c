/*
 * LD_PRELOAD without the own object: what is left are all others, in their order, once. The first line
 * of the input is the object's path, the rest the list.
 */
#include "base/environment.h"

#include "fuzz.h"

static const char *file_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* The list that should be left, in `left`. */
static void expect(char *list, const char *path, char *left)
{
    char *one;
    *left = 0;
    while ((one = strsep(&list, ": ")))
        if (*one && strcmp(file_of(one), file_of(path)) != 0) {
            if (*left)
                strcat(left, ":");
            strcat(left, one);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char name[] = "LD_PRELOAD=";
    char *path = fuzz_string(data, size), *list = strchr(path, '\n');
    if (!list || list == path || list[-1] == '/') { /* an object has a name */
        free(path);
        return 0;
    }
    *list++ = 0;
    char *variable = malloc(strlen(list) + sizeof name), *left = malloc(strlen(list) + 1);
    strcat(strcpy(variable, name), list);
    char home[] = "HOME=/", *all[] = {home, variable, home, NULL};
    expect(list, path, left);
    environment_forget_preload(all, path);
    const char *value = environment_get(all, name);
    REQUIRE(*left ? value && strcmp(value, left) == 0 : !value, "'%s', not '%s'",
            value ? value : "nothing", left);
    REQUIRE(all[0] == home && all[value ? 2 : 1] == home && !all[value ? 3 : 2], "%s", "others");
    free(left);
    free(variable);
    free(path);
    return 0;
}
