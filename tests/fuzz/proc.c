/*
 * What the kernel says of a thread's system call, and the limits that a thread may have there: its
 * memory may hold anything by the time that it is looked at. The input: two numbers, a text.
 */
#include "base/proc.c"

#include "fuzz.h"

static void limits(int64_t seconds, int64_t nanoseconds)
{
    struct timespec limit = {seconds, nanoseconds};
    uint64_t durations[6] = {[0] = 0, [2] = (uint64_t)&limit, [3] = (uint64_t)&limit};
    uint64_t points[6] = {[0] = CLOCK_MONOTONIC, [1] = TIMER_ABSTIME, [2] = (uint64_t)&limit};
    int64_t left = -1, now = sys_now_us();
    durations[1] = FUTEX_WAIT | FUTEX_PRIVATE_FLAG;
    REQUIRE(classify(SYS_futex, durations, 0, &left) == DOING_TIMED_WAIT, "%s", "a futex");
    REQUIRE(nanoseconds < 0 || left >= 0, "%ld us are left of %ld s", (long)left, (long)seconds);
    durations[1] = FUTEX_WAIT_BITSET;
    classify(SYS_futex, durations, 0, &left);
    classify(SYS_ppoll, durations, now, &left);
    classify(SYS_clock_nanosleep, points, now, &left);
    REQUIRE(seconds >= 0 || left <= 0, "%ld us are left until %ld s", (long)left, (long)seconds);
}

/* A line as the kernel writes it comes back as it was. */
static void whole_line(const struct proc_call *c)
{
    struct proc_call again;
    const uint64_t *a = c->arguments;
    char line[256];
    snprintf(line, sizeof line, "%d 0x%lx 0x%lx 0x%lx 0x%lx 0x%lx 0x%lx 0x%lx 0x%lx\n",
             c->number, a[0], a[1], a[2], a[3], a[4], a[5], c->stack, c->code);
    REQUIRE(parse_call(line, &again) == DOING_UNKNOWN && again.number == c->number &&
                memcmp(a, again.arguments, sizeof again.arguments) == 0 &&
                again.stack == c->stack && again.code == c->code, "%s", line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int64_t numbers[2];
    struct proc_call call = {0};
    if (size < sizeof numbers)
        return 0;
    memcpy(numbers, data, sizeof numbers);
    char *text = fuzz_string(data + sizeof numbers, size - sizeof numbers);
    if (parse_call(text, &call) == DOING_UNKNOWN && call.number >= 0)
        whole_line(&call);
    limits(numbers[0], numbers[1]);
    free(text);
    return 0;
}
