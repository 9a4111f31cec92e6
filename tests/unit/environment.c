#include "base/environment.h"

#include <criterion/criterion.h>

static void becomes(const char *before, const char *after)
{
    char list[128] = "LD_PRELOAD=", home[] = "HOME=/", *all[] = {home, list, home, NULL};
    strcat(list, before);
    environment_forget_preload(all, "/usr/lib/ours.so");
    const char *value = environment_get(all, "LD_PRELOAD=");
    cr_expect_str_eq(value ? value : "none", after, "%s becomes %s", before, value);
    cr_expect_eq(all[1], value ? list : home);
    cr_expect_eq(all[value ? 3 : 2], NULL);
}

Test(environment, the_own_preload_is_taken_out, .timeout = 10)
{
    becomes("/x/ours.so", "none");
    becomes("ours.so", "none");
    becomes("/x/ours.so:/y/other.so", "/y/other.so");
    becomes("/y/other.so:/x/ours.so", "/y/other.so");
    becomes("a.so /x/ours.so b.so:/z/ours.so", "a.so:b.so");
    becomes(":: /x/ours.so ", "none");
}

Test(environment, others_stay, .timeout = 10)
{
    becomes("/x/notours.so", "/x/notours.so");
    becomes("/x/ours.so.1:s.so", "/x/ours.so.1:s.so");
}

Test(environment, nothing_there, .timeout = 10)
{
    char *none[] = {NULL};
    environment_forget_preload(none, "ours.so");
    environment_forget_preload(NULL, "ours.so");
    cr_assert_null(environment_get(NULL, "HOME="));
}
