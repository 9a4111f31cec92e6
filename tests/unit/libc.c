#include "base/libc.h"

#include <criterion/criterion.h>
#include <dlfcn.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "base/elf.h"
#include "base/layout.h"
#include "base/sys.h"

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

static void deny_copies(void)
{
    struct sock_filter rules[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_process_vm_readv, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = {sizeof rules / sizeof *rules, rules};
    cr_assert_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    cr_assert_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter), 0);
}

/* By copies: it may be unloaded while it is looked at. */
Test(libc, a_name_is_found_in_what_was_loaded_later, .timeout = 10)
{
    libc_resolve();
    cr_assert_null(elf_next("td_init"));
    void *library = dlopen("libthread_db.so.1", RTLD_LAZY);
    cr_assert_not_null(library, "%s", dlerror());
    void *expected = dlsym(library, "td_init");
    cr_assert_not_null(expected);
    cr_assert_eq(elf_next("td_init"), expected);
    cr_assert_null(elf_next("holdstill_no_such_function"));
    deny_copies();
    cr_assert_eq(elf_next("td_init"), expected);
    cr_assert_null(elf_next("holdstill_no_such_function"));
    cr_assert_eq(dlclose(library), 0);
    cr_assert_null(elf_next("td_init"));
}

Test(sys, as_much_is_copied_as_there_is, .timeout = 10)
{
    enum { PAGE = 4096, SIZE = 3 * PAGE };
    char copy[SIZE] = "", *pages = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    cr_assert_neq(pages, MAP_FAILED);
    for (int i = 0; i < SIZE; i++)
        pages[i] = (char)(i % 251);
    cr_assert_eq(sys_copy(copy, pages, SIZE), SIZE);
    cr_assert_eq(memcmp(copy, pages, SIZE), 0);
    cr_assert_eq(munmap(pages + 2 * PAGE, PAGE), 0);
    for (int denied = 0; denied < 2; denied++) {
        memset(copy, 0, SIZE);
        cr_assert_eq(sys_copy(copy, pages + PAGE - 24, SIZE), PAGE + 24);
        cr_assert_eq(memcmp(copy, pages + PAGE - 24, PAGE + 24), 0);
        cr_assert_eq(copy[PAGE + 24], 0);
        cr_assert_eq(sys_copy(copy, pages + 2 * PAGE, 1), 0);
        deny_copies();
    }
}

Test(layout, is_as_this_libc_has_it, .timeout = 10)
{
    libc_resolve();
    layout_probe();
    cr_assert(layout.condition_wrefs == 36 / 4 || layout.condition_wrefs == 28 / 4);
    cr_assert(layout.semaphore_tail);
    cr_assert_eq(layout.outermost_slot_is_used, 0);
}
