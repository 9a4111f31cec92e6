/* What the kernel says of this process as a whole. */
#include "proc.h"

#include <string.h>
#include <sys/time.h>

#include "sys.h"

/* The number of bytes, or a negative errno. */
static long read_whole(const char *path, char *buffer, size_t size)
{
    long fd = sys_open(path, O_RDONLY, 0);
    if (fd < 0)
        return fd;
    long used = 0, more;
    while ((size_t)used < size - 1 && (more = sys_read((int)fd, buffer + used, size - 1 - used)) > 0)
        used += more;
    sys_close((int)fd);
    buffer[used] = 0;
    return used;
}

/* A number in /proc/self/status, whose name begins and ends as in "\nThreads:\t"; -1: nothing. */
static int64_t status_number(const char *name, unsigned base)
{
    char text[4096];
    const char *at = read_whole("/proc/self/status", text, sizeof text) > 0 ? strstr(text, name) : NULL;
    uint64_t value = 0;
    if (!at)
        return -1;
    for (at += strlen(name); *at && *at != '\n'; at++)
        value = value * base + (uint64_t)(*at <= '9' ? *at - '0' : *at - 'a' + 10);
    return (int64_t)value;
}

/* Not by a list of /proc/self/task, which leaves names of all threads there: see read_file. */
int proc_threads(void)
{
    int64_t count = status_number("\nThreads:\t", 10);
    return count < 0 ? 0 : (int)count;
}

/* All of them, as -1 says, where nobody can tell. */
uint64_t proc_handled_signals(void) { return (uint64_t)status_number("\nSigCgt:\t", 16); }

int proc_has_timer(void)
{
    char text[16];
    for (int which = ITIMER_REAL; which <= ITIMER_PROF; which++) {
        struct itimerval left = {{0, 0}, {0, 0}};
        if (sys_call(SYS_getitimer, which, (long)&left, 0, 0, 0, 0) < 0 || left.it_value.tv_sec ||
            left.it_value.tv_usec)
            return 1;
    }
    return read_whole("/proc/self/timers", text, sizeof text) != 0;
}

/* A line of /proc/self/maps, byte by byte: FROM-TO, then flags of which the last one is asked for. */
struct maps_line {
    uint64_t bounds[2];
    int field;
    char letter;
};

static void maps_take(struct maps_line *line, char c)
{
    if (c == ' ' || (c == '-' && line->field == 0))
        line->field++;
    else if (line->field < 2)
        line->bounds[line->field] = line->bounds[line->field] << 4 |
                                    (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
    else if (line->field == 2)
        line->letter = c;
}

char proc_mapping(const void *p)
{
    char buffer[2048], letter = 0;
    struct maps_line line = {{0, 0}, 0, 0};
    long fd = sys_open("/proc/self/maps", O_RDONLY, 0), size;
    if (fd < 0)
        return '?';
    while (!letter && (size = sys_read((int)fd, buffer, sizeof buffer)) > 0)
        for (long i = 0; i < size && !letter; i++) {
            if (buffer[i] != '\n') {
                maps_take(&line, buffer[i]);
                continue;
            }
            if (line.bounds[0] <= (uintptr_t)p && (uintptr_t)p < line.bounds[1])
                letter = line.letter;
            line = (struct maps_line){{0, 0}, 0, 0};
        }
    sys_close((int)fd);
    return letter;
}
