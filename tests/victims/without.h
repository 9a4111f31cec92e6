/*
 * Makes system calls fail, by a filter of the kernel's, without privileges and for good, here and in what is
 * executed.
 *
 *   CALL[/ARGUMENT=VALUE]:ERROR,...      mmap/1=131072:ENOMEM: those whose second argument is that
 */
#ifndef WITHOUT_H
#define WITHOUT_H

#include "victim.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

struct numbered {
    const char *name;
    unsigned number;
};

static const struct numbered calls[] = {
    {"mmap", SYS_mmap}, {"membarrier", SYS_membarrier}, {"madvise", SYS_madvise}, {"mremap", SYS_mremap},
    {"openat", SYS_openat}, {"faccessat", SYS_faccessat}, {"clone", SYS_clone}, {"clone3", SYS_clone3},
    {"tgkill", SYS_tgkill}, {"sched_yield", SYS_sched_yield}, {"nanosleep", SYS_nanosleep},
    {"clock_gettime", SYS_clock_gettime}, {"rt_sigprocmask", SYS_rt_sigprocmask}, {"gettid", SYS_gettid}};

static const struct numbered errors[] = {{"EPERM", EPERM},   {"ENOSYS", ENOSYS}, {"ENOMEM", ENOMEM}, {"EAGAIN", EAGAIN},
                                         {"EINVAL", EINVAL}, {"EMFILE", EMFILE}, {"EACCES", EACCES}};

/* One of them; argument -1: whatever its arguments are. The lower half of an argument is looked at. */
static inline void fail_call(unsigned call, int argument, unsigned value, unsigned error)
{
    unsigned where = (unsigned)offsetof(struct seccomp_data, args) + 8 * (unsigned)(argument < 0 ? 0 : argument);
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, where),
        BPF_JUMP(argument < 0 ? BPF_JMP | BPF_JGE | BPF_K : BPF_JMP | BPF_JEQ | BPF_K, argument < 0 ? 0 : value, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        exit(77);
}

static inline void fail_calls(const char *list)
{
    char text[200], call[40], error[40];
    int argument;
    unsigned value;

    snprintf(text, sizeof text, "%s", list);
    for (char *rest = text, *one; (one = strsep(&rest, ","));) {
        argument = -1, value = 0;
        if (sscanf(one, "%39[^/:]/%d=%u:%39s", call, &argument, &value, error) != 4 &&
            sscanf(one, "%39[^/:]:%39s", call, error) != 2)
            die(one);
        const char *name = call, *error_name = error;
        const struct numbered *number = FIND_BY_NAME(name, calls), *its = FIND_BY_NAME(error_name, errors);

        if (!number || !its)
            die(one);
        fail_call(number->number, argument, value, its->number);
    }
}

#endif
