#include "base/libc.h"

#include <criterion/criterion.h>
#include <dlfcn.h>
#include <sys/mman.h>

#include "base/elf.h"
#include "base/layout.h"

Test(libc, every_required_name_is_found, .timeout = 10)
{
    cr_assert_eq(libc_resolve(), 0);
    cr_assert_not_null(libc.fork);
    cr_assert_not_null(libc.pthread_cond_wait);
}

/* The default version: what the link editor binds new programs to. aarch64 began with 2.17, and has
   one version of it. */
#if defined(__x86_64__)
Test(libc, the_default_version_is_chosen, .timeout = 10)
{
    const char *versioned = "pthread_cond_timedwait";
    cr_assert_eq(elf_next(versioned), dlvsym(RTLD_DEFAULT, versioned, "GLIBC_2.3.2"));
    cr_assert_neq(elf_next(versioned), dlvsym(RTLD_DEFAULT, versioned, "GLIBC_2.2.5"));
}
#endif

Test(libc, agrees_with_dlsym, .timeout = 10)
{
    struct libc_symbol s;
    size_t count = 0;
    for (; (s = libc_symbol(count)).name; count++)
        cr_expect_eq(s.function, dlsym(RTLD_DEFAULT, s.name), "%s", s.name);
    cr_assert_eq(count, sizeof libc / sizeof(void *));
    cr_assert_eq((void *)libc.getpwnam, dlsym(RTLD_DEFAULT, "getpwnam"));
}

Test(libc, unknown_names_have_no_address, .timeout = 10)
{
    cr_assert_null(elf_next("holdstill_no_such_function"));
}

/* Another thread may have found it meanwhile, in a library that comes later. */
Test(libc, nothing_is_written_for_a_name_that_is_not_there, .timeout = 10)
{
    void **place = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    cr_assert_neq(place, MAP_FAILED);
    struct elf_name name = {.name = "holdstill_no_such_function", .to = place};
    elf_fill(&name, 1);
    cr_assert_null(*place);
}

Test(layout, is_as_this_libc_has_it, .timeout = 10)
{
    libc_resolve();
    layout_probe();
    cr_assert(layout.condition_wrefs == 36 / 4 || layout.condition_wrefs == 28 / 4);
    cr_assert(layout.semaphore_tail);
    cr_assert_eq(layout.outermost_slot_is_used, 0);
}
