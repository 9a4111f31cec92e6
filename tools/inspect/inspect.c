/*
 * Tells whether a command can be preloaded, before it is executed: what no shell finds out without a
 * fork.
 *
 *     inspect run FILE NAME [ARGUMENT...]      executes FILE as NAME, or refuses to, with status 125
 *     inspect force FILE NAME [ARGUMENT...]    executes it whatever it is
 *     inspect explain FILE                     says what it is; status 0 if it can be preloaded
 *
 * The kernel's rules are those of execve(2) and capabilities(7), the loader's those of ld.so(8).
 */
#include <elf.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/say.h"
#include "base/sys.h"

#if defined(__x86_64__)
enum { OUR_MACHINE = EM_X86_64 };
#else
enum { OUR_MACHINE = EM_AARCH64 };
#endif
#ifndef ST_NOSUID
#define ST_NOSUID 2
#endif

enum { REFUSED = 125, CANNOT_EXECUTE = 126, NOT_FOUND = 127 };
enum { DEEPEST = 5, LONGEST_LINE = 256, LONGEST_PATH = 4096, MOST_HEADERS = 128 };

/* Why not, and what can be done; NULL: nothing is against it. */
struct verdict {
    const char *why, *what, *way_out;
};

struct image {
    char path[LONGEST_PATH];
    char interpreter[LONGEST_PATH]; /* of a script, or the loader of a program; "" if it has none */
    int is_script, is_elf, is_loader;
    Elf64_Ehdr header;
};

static const char *machine_name(unsigned machine)
{
    static const struct {
        unsigned machine;
        const char *name;
    } names[] = {{EM_X86_64, "x86-64"}, {EM_AARCH64, "aarch64"}, {EM_386, "i386"},
                 {EM_ARM, "arm"},       {EM_RISCV, "riscv"},     {EM_PPC64, "ppc64"},
                 {EM_S390, "s390"},     {EM_MIPS, "mips"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].machine == machine)
            return names[i].name;
    return "another architecture";
}

static int begins(const char *text, const char *with)
{
    while (*with && *text == *with)
        text++, with++;
    return !*with;
}

static const char *file_name(const char *path)
{
    const char *name = path;
    for (; *path; path++)
        if (*path == '/')
            name = path + 1;
    return name;
}

static void copy(char *to, const char *from, size_t size)
{
    size_t length = strlen(from);
    length = length < size - 1 ? length : size - 1;
    memcpy(to, from, length);
    to[length] = 0;
}

static long read_at(int fd, void *to, size_t size, uint64_t offset)
{
    return sys_call(SYS_pread64, fd, (long)to, (long)size, (long)offset, 0, 0);
}

/* "#!", blanks, a path, blanks, an argument: the kernel looks at so many bytes. */
static void read_script(int fd, struct image *image)
{
    char line[LONGEST_LINE] = "";
    if (read_at(fd, line, sizeof line - 1, 0) < 3 || line[0] != '#' || line[1] != '!')
        return;
    char *begin = line + 2, *end;
    while (*begin == ' ' || *begin == '\t')
        begin++;
    for (end = begin; *end && *end != ' ' && *end != '\t' && *end != '\n';)
        end++;
    *end = 0;
    image->is_script = 1;
    copy(image->interpreter, begin, sizeof image->interpreter);
}

/* A loader that is executed itself: it has a name of its own, and no interpreter. Its size may be anything:
   the file's end is the end. */
static int has_name(int fd, const Elf64_Phdr *dynamic)
{
    Elf64_Dyn entry;
    for (uint64_t at = 0; at < dynamic->p_filesz; at += sizeof entry) {
        if (read_at(fd, &entry, sizeof entry, dynamic->p_offset + at) != (long)sizeof entry)
            return 0;
        if (entry.d_tag == DT_SONAME || entry.d_tag == DT_NULL)
            return entry.d_tag == DT_SONAME;
    }
    return 0;
}

static void read_program(int fd, struct image *image)
{
    static Elf64_Phdr headers[MOST_HEADERS];
    Elf64_Ehdr *e = &image->header;
    if (read_at(fd, e, sizeof *e, 0) < EI_NIDENT || !begins((const char *)e->e_ident, ELFMAG))
        return;
    image->is_elf = 1;
    if (e->e_ident[EI_CLASS] != ELFCLASS64 || e->e_ident[EI_DATA] != ELFDATA2LSB)
        return;
    size_t count = e->e_phnum < MOST_HEADERS ? e->e_phnum : MOST_HEADERS;
    long got = read_at(fd, headers, count * sizeof *headers, e->e_phoff);
    for (size_t i = 0; got > 0 && i < (size_t)got / sizeof *headers; i++)
        if (headers[i].p_type == PT_INTERP) {
            size_t size = headers[i].p_filesz;
            size = size < LONGEST_PATH ? size : LONGEST_PATH - 1;
            read_at(fd, image->interpreter, size, headers[i].p_offset);
        } else if (headers[i].p_type == PT_DYNAMIC) {
            image->is_loader = has_name(fd, &headers[i]);
        }
    image->is_loader &= !*image->interpreter;
}

/* 0: it can't be read, which only its owner may be able to. */
static int read_image(struct image *image, const char *path)
{
    static const struct image nothing;
    char own[LONGEST_PATH]; /* path may be a part of *image */
    copy(own, path, sizeof own);
    *image = nothing;
    copy(image->path, own, sizeof image->path);
    long fd = sys_open(own, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0); /* what a script names may be a pipe */
    if (fd < 0)
        return 0;
    read_script((int)fd, image);
    read_program((int)fd, image);
    sys_close((int)fd);
    return 1;
}

/* Does the kernel tell the loader that this program has more rights than its caller? */
static const char *gained_rights(const char *path)
{
    struct stat s;
    struct statfs system = {0};
    char capabilities[64];
    if (sys_call(SYS_newfstatat, AT_FDCWD, (long)path, (long)&s, 0, 0, 0) < 0 ||
        sys_call(SYS_prctl, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0, 0) == 1 ||
        (sys_call(SYS_statfs, (long)path, (long)&system, 0, 0, 0, 0) == 0 &&
         system.f_flags & ST_NOSUID))
        return NULL;
    long user = sys_call(SYS_getuid, 0, 0, 0, 0, 0, 0), group = sys_call(SYS_getgid, 0, 0, 0, 0, 0, 0);
    if (s.st_mode & S_ISUID && s.st_uid != (uid_t)user)
        return "a setuid program";
    if ((s.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) && s.st_gid != (gid_t)group)
        return "a setgid program";
    if (user != 0 && sys_call(SYS_getxattr, (long)path, (long)"security.capability",
                              (long)capabilities, sizeof capabilities, 0, 0) > 0)
        return "a program with file capabilities";
    return NULL;
}

static struct verdict judge_loader(const struct image *image)
{
    const char *name = file_name(image->interpreter);
    if (!*image->interpreter)
        return image->is_loader
                   ? (struct verdict){NULL, NULL, NULL}
                   : (struct verdict){"it is statically linked", "",
                                      "link it dynamically"};
    if (begins(name, "ld-musl"))
        return (struct verdict){"it is a program for musl, by its loader ", image->interpreter,
                                "build it for glibc"};
    if (!sys_is_there(image->interpreter))
        return (struct verdict){"its loader is missing: ", image->interpreter,
                                "install that libc"};
    if (!begins(name, "ld-linux") && !begins(name, "ld-2."))
        return (struct verdict){"its libc isn't glibc, by its loader ", image->interpreter,
                                "build it for glibc"};
    return (struct verdict){NULL, NULL, NULL};
}

static struct verdict judge(const struct image *image)
{
    const char *rights = gained_rights(image->path);
    if (rights)
        return (struct verdict){"the loader preloads nothing into ", rights,
                                "run it as its owner, or a copy of it"};
    if (!image->is_elf)
        return (struct verdict){NULL, NULL, NULL};
    if (image->header.e_ident[EI_CLASS] == ELFCLASS32 || image->header.e_machine != OUR_MACHINE)
        return (struct verdict){
            image->header.e_ident[EI_CLASS] == ELFCLASS32 ? "it is a 32-bit program for "
                                                          : "it is a program for ",
            machine_name(image->header.e_machine), "build the library for that"};
    return judge_loader(image);
}

static void describe(const struct image *image)
{
    if (image->is_script)
        say_to(1, image->path, ": a script, run by ", image->interpreter);
    else if (!image->is_elf)
        say_to(1, image->path, ": no program; a shell may run it as a script");
    else if (*image->interpreter)
        say_to(1, image->path, ": a program for ", machine_name(image->header.e_machine),
               ", its loader is ", image->interpreter);
    else
        say_to(1, image->path, ": a program for ", machine_name(image->header.e_machine),
               image->is_loader ? ", a loader" : ", without a loader");
}

/* A script is as good as what runs it. */
static struct verdict inspect(struct image *image, const char *path, int aloud)
{
    struct verdict verdict = {NULL, NULL, NULL};
    for (int depth = 0; depth < DEEPEST; depth++) {
        if (!read_image(image, path)) {
            if (aloud && !sys_is_there(image->path))
                return (struct verdict){"there is nothing at ", image->path, "install it"};
            if (aloud)
                say_to(1, image->path, ": can't be read");
            return judge(image);
        }
        if (aloud)
            describe(image);
        if (!image->is_script)
            return judge(image);
        path = image->interpreter;
    }
    return verdict;
}

static int explain(const char *path)
{
    static struct image image;
    struct verdict v = inspect(&image, path, 1);
    if (!v.why) {
        say_to(1, "it can be preloaded; 'holdstill --check' before the command proves it");
        return 0;
    }
    say_to(1, "it can't be preloaded: ", v.why, v.what);
    say_to(1, "a way out: ", v.way_out, "; or, as without holdstill: --force");
    return REFUSED;
}

/* As execvp does: what the kernel doesn't know is given to a shell. */
static int execute(const char *path, char **argv, char **environment)
{
    long error = sys_call(SYS_execve, (long)path, (long)argv, (long)environment, 0, 0, 0);
    if (error == -ENOEXEC) {
        argv[-1] = (char *)"/bin/sh";
        argv[0] = (char *)path;
        error = sys_call(SYS_execve, (long)argv[-1], (long)(argv - 1), (long)environment, 0, 0, 0);
    }
    const char *reason = error == -ENOENT    ? "no such file, or its interpreter is missing"
                         : error == -EACCES  ? "permission denied"
                         : error == -E2BIG   ? "too many arguments"
                         : error == -ENOMEM  ? "no memory"
                         : error == -ETXTBSY ? "it is being written"
                                             : "it can't be executed";
    say(argv[0], ": ", reason);
    return error == -ENOENT ? NOT_FOUND : CANNOT_EXECUTE;
}

int main(int argc, char **argv, char **environment)
{
    static struct image image;
    if (argc == 3 && begins(argv[1], "explain"))
        return explain(argv[2]);
    int force = argc > 1 && begins(argv[1], "force");
    if (argc < 4 || !(force || begins(argv[1], "run"))) {
        say("usage: inspect run|force FILE NAME [ARGUMENT...] | inspect explain FILE");
        return REFUSED;
    }
    struct verdict v = {NULL, NULL, NULL};
    if (!force)
        v = inspect(&image, argv[2], 0);
    if (v.why) {
        int is_interpreters = !begins(image.path, argv[2]) || !begins(argv[2], image.path);
        say(argv[3], is_interpreters ? ", run by " : "", is_interpreters ? image.path : "",
            ": can't be preloaded: ", v.why, v.what, " (", v.way_out, "; or --force)");
        return REFUSED;
    }
    return execute(argv[2], argv + 3, environment);
}
