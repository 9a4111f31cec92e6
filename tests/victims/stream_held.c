/* bare: hangs from 2.38 on; shimmed: ok */
/*
 * main returns while another thread is inside a stream and will stay there:
 * exit flushes all streams, and from glibc 2.38 on it locks them for that.
 *
 *   stream_held getchar | fread | fwrite | puts | flockfile | stdout
 *
 * getchar, fread: of a pipe into which nobody writes, stdin and another stream;
 * fwrite, puts: a pipe that is full and nobody reads, by a large write and by
 * the buffer's; flockfile: a stream of its own; stdout: stdout's lock, taken and kept.  Output:
 * "kept" from a stream that nobody is in.  Status: 3.
 */
#include "victim.h"

#include <fcntl.h>

static pthread_barrier_t ready; /* main and the thread that will stay inside */
static FILE *held, *other;
static char bytes[1 << 20];

static FILE *pipe_end(int which, const char *mode, bool full)
{
    int ends[2];

    if (pipe(ends))
        die("pipe");
    if (full) {
        if (fcntl(ends[1], F_SETFL, O_NONBLOCK))
            die("fcntl");
        while (write(ends[1], bytes, 512) > 0)
            ;
        if (fcntl(ends[1], F_SETFL, 0))
            die("fcntl");
    }
    FILE *file = fdopen(ends[which], mode);

    if (!file)
        die("fdopen");
    return file;
}

static void in_getchar(void)
{
    getchar();
}

static void in_fread(void)
{
    fread(bytes, 1, 100, held);
}

static void in_fwrite(void)
{
    fwrite(bytes, 1, sizeof bytes, held);
}

static void in_puts(void)
{
    for (;;)
        fputs("a line that fills the buffer now and then\n", held);
}

static void in_flockfile(void)
{
    flockfile(held);
    for (;;)
        pause();
}

static const struct {
    const char *name;
    void (*enter)(void);
    int end; /* of the pipe: 0 to read, 1 to write */
} ways[] = {{"getchar", in_getchar, 0}, {"fread", in_fread, 0},         {"fwrite", in_fwrite, 1},
            {"puts", in_puts, 1},       {"flockfile", in_flockfile, 1}, {"stdout", in_flockfile, -1}};

static void (*enter)(void);

static void *stay(void *unused)
{
    pthread_barrier_wait(&ready);
    enter();
    return unused;
}

int main(int argc, char **argv)
{
    const char *way = argc > 1 ? argv[1] : "getchar";
    int ends[2];

    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        if (strcmp(way, ways[i].name) == 0) {
            enter = ways[i].enter;
            held = ways[i].end < 0 ? stdout
                                   : pipe_end(ways[i].end, ways[i].end ? "w" : "r", ways[i].end);
        }
    if (!enter)
        die(way);
    if (pipe(ends) || dup2(ends[0], 0))
        die("dup2");
    other = fdopen(dup(1), "w");
    MUST(pthread_barrier_init(&ready, NULL, 2));
    start_detached(stay, NULL);
    pthread_barrier_wait(&ready);
    await_asleep(1);
    fputs("kept\n", other); /* flushed by exit */
    return 3;
}
