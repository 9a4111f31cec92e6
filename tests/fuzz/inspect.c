/*
 * What the launcher looks at before it executes it: any file. It is judged, in few reads, with one line
 * for each file on the way. A script is run by the file itself: the kernel's own limit ends that.
 */
#define main inspect_main
#include "../../tools/inspect/inspect.c"
#undef main

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct image image;
    static char path[64];
    static int fd = -1, judged;
    if (fd < 0) {
        fd = memfd_create("program", 0);
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        dup2(memfd_create("told", 0), 1);
    }
    REQUIRE(ftruncate(fd, 0) == 0 && pwrite(fd, data, size, 0) == (ssize_t)size, "%s", "no file");
    REQUIRE(ftruncate(1, 0) == 0 && lseek(1, 0, SEEK_SET) == 0, "%s", "nothing to tell it to");
    int64_t began = sys_now_us();
    struct verdict v = inspect(&image, path, ++judged % 2);
    REQUIRE(sys_now_us() - began < 1000000, "%ld us", (long)(sys_now_us() - began));
    REQUIRE(!v.why == !v.way_out, "a refusal without a way out: %s", v.why ? v.why : "");
    REQUIRE(memchr(image.interpreter, 0, sizeof image.interpreter), "%s", "a path without an end");
    return 0;
}
