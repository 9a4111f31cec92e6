/*
 * What the fuzz targets share: what the code under test writes to standard error, and a check that
 * ends the run. One thread, one input at a time (libFuzzer).
 */
#ifndef HOLDSTILL_FUZZ_H
#define HOLDSTILL_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What standard error was at the start: reports go there. Then libFuzzer has it closed (-close_fd_mask=2). */
static int fuzz_stderr;
__attribute__((constructor)) static void fuzz_keep_stderr(void) { fuzz_stderr = dup(2); }

#define REQUIRE(condition, ...)                                                                 \
    do                                                                                          \
        if (!(condition)) {                                                                     \
            dprintf(fuzz_stderr, "%s: not so: %s: ", __FILE__, #condition);                   \
            dprintf(fuzz_stderr, __VA_ARGS__);                                                \
            dprintf(fuzz_stderr, "\n");                                                       \
            abort();                                                                            \
        }                                                                                       \
    while (0)

static inline void fuzz_listen(void)
{
    static int said = -1;
    if (said < 0) {
        said = memfd_create("said", 0);
        dup2(said, 2);
    }
    if (ftruncate(2, 0) == 0)
        lseek(2, 0, SEEK_SET);
}

/* How many lines were said; each is one of ours, whole, and fit for a terminal. */
static inline int fuzz_lines(void)
{
    static const char prefix[] = "holdstill: ";
    static char text[1 << 20];
    ssize_t size = pread(2, text, sizeof text - 1, 0);
    int lines = 0;
    for (char *line = text, *end; line < text + size; line = end + 1, lines++) {
        end = memchr(line, '\n', (size_t)(text + size - line));
        REQUIRE(end, "the last line has no end");
        REQUIRE(end - line < 512, "a line of %zd bytes", end - line);
        REQUIRE(strncmp(line, prefix, sizeof prefix - 1) == 0, "'%.*s'", (int)(end - line), line);
        for (char *c = line; c < end; c++)
            REQUIRE((unsigned char)*c >= ' ' && *c != 127, "byte %d", *c);
    }
    return lines;
}

/* A copy of the input as a string: up to its first zero. Its end is where the sanitizer sees it. */
static inline char *fuzz_string(const uint8_t *data, size_t size)
{
    size_t length = strnlen((const char *)data, size);
    char *text = malloc(length + 1);
    memcpy(text, data, length);
    text[length] = 0;
    return text;
}

#endif
