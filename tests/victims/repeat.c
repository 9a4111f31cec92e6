/* a tool: runs a command again and again, and counts how it ended */
/*
 *   repeat [-t] [-o OUTPUT] N STATUS LIMIT_MS COMMAND [ARGUMENT...]
 *
 * -o: the command's standard output must be OUTPUT, a last newline aside.
 * -t: its output is the time (CLOCK_MONOTONIC, ns) at which its end began, and
 * the time taken is counted from there.  A run that takes longer than LIMIT_MS
 * has hung, and is killed with all its process group.
 *
 * STATUS is a number, or a range: 10-17.  Prints one line: ok= crashed= hung=
 * wrong= of= median_us= longest_us=, and of the first bad run its status, output
 * and standard error, on standard error.  Status 0 if all were ok.
 */
#include "victim.h"

#include <sys/prctl.h>
#include <sys/resource.h>

enum run { OK, CRASHED, HUNG, WRONG, RUNS };

static const char *expected_output;
static bool timed;
static int lowest, highest, limit;

/* SIGCHLD is blocked: a signal that came before the wait is not lost. */
static bool ends_in_time(pid_t child, int64_t begin, int *status)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    for (;;) {
        int64_t left = begin + limit * 1000000LL - now_ns();
        struct timespec t = {left / 1000000000, left % 1000000000};

        if (waitpid(child, status, WNOHANG) == child)
            return true;
        if (left <= 0)
            return false;
        sigtimedwait(&set, NULL, &t);
    }
}

static FILE *scratch(void)
{
    FILE *file = tmpfile();

    if (!file)
        die("tmpfile");
    return file;
}

static const char *contents(FILE *file, char *text, size_t room)
{
    ssize_t length = pread(fileno(file), text, room - 1, 0);

    text[length > 0 ? length : 0] = '\0';
    if (length > 0 && text[length - 1] == '\n')
        text[length - 1] = '\0';
    return text;
}

static pid_t launch(char **command, FILE *out, FILE *err)
{
    static const struct rlimit no_core;
    pid_t child = fork();
    sigset_t none;

    if (child == -1)
        die("fork");
    setpgid(child, child);
    if (child != 0)
        return child;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setrlimit(RLIMIT_CORE, &no_core);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (dup2(fileno(out), 1) == -1 || dup2(fileno(err), 2) == -1)
        die("dup2");
    execvp(command[0], command);
    die(command[0]);
}

static enum run judge(int status, const char *output, int64_t taken)
{
    if (WIFSIGNALED(status))
        return CRASHED;
    /* a shell in between reports a signal as 128 + n */
    if (WEXITSTATUS(status) < lowest || WEXITSTATUS(status) > highest)
        return WEXITSTATUS(status) > 128 ? CRASHED : WRONG;
    if (expected_output && strcmp(output, expected_output) != 0)
        return WRONG;
    return taken < 0 || taken > limit * 1000000LL ? WRONG : OK;
}

static enum run once(char **command, int64_t *taken, bool tell)
{
    FILE *out = scratch(), *err = scratch();
    int64_t begin = now_ns();
    pid_t child = launch(command, out, err);
    char output[4096], complaints[4096];
    enum run run = HUNG;
    int status;
    bool ended = ends_in_time(child, begin, &status);

    *taken = now_ns() - begin;
    kill(-child, SIGKILL);
    if (!ended)
        waitpid(child, &status, 0);
    contents(out, output, sizeof output);
    if (ended && timed)
        *taken += begin - strtoll(output, NULL, 10);
    if (ended)
        run = judge(status, output, *taken);
    if (run != OK && tell)
        fprintf(stderr, "wait status 0x%x after %lld us\n%s\n%s\n", (unsigned)status,
                (long long)*taken / 1000, output, contents(err, complaints, sizeof complaints));
    fclose(out);
    fclose(err);
    return run;
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    static const char *const names[RUNS] = {"ok", "crashed", "hung", "wrong"};
    int counts[RUNS] = {0};
    int64_t *taken;
    sigset_t set;
    int option, n, done = 0;

    while ((option = getopt(argc, argv, "+to:")) != -1) {
        if (option == 't')
            timed = true;
        else if (option == 'o')
            expected_output = optarg;
        else
            return 99;
    }
    if (argc - optind < 4)
        return 99;
    n = atoi(argv[optind]);
    if (sscanf(argv[optind + 1], "%d-%d", &lowest, &highest) == 1)
        highest = lowest;
    limit = atoi(argv[optind + 2]);
    taken = calloc((size_t)n + 1, sizeof *taken);
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    for (bool enough = false; done < n && !enough; done++) {
        enum run run = once(argv + optind + 3, &taken[done], counts[OK] == done);

        enough = ++counts[run] >= (run == HUNG ? enough_hung(20) : n) || is_awaited(names[run]);
    }
    qsort(taken, (size_t)done, sizeof *taken, by_size);
    for (int i = 0; i < RUNS; i++)
        printf("%s=%d ", names[i], counts[i]);
    printf("of=%d median_us=%lld longest_us=%lld\n", done, (long long)taken[done / 2] / 1000,
           (long long)taken[done ? done - 1 : 0] / 1000);
    free(taken);
    return counts[OK] != done;
}
