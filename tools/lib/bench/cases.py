"""What is measured, row by row of the goals; and what others cost."""

import collections
import shutil
import statistics

from .measure import (Absolute, Added, Bench, NotMeasured, Ratio, Side, Throughput, command, compiled, leaving,
                      rounds, starting, stripped_size)

# count: the program, its arguments, and the numbers of rounds whose instructions are compared.
Case = collections.namedtuple("Case", "row what unit sample compare goal then pairs side only_long count seconds",
                              defaults=(None, 21, lambda bench: bench.shim, False, None, 15))


def lock_case(row, what, kind, threads="1", goal=None, then=None, **more):
    return Case(row, what, "ns", rounds("lock", kind, threads, "100"), Ratio, goal, then,
                count=("lock", [kind, threads], 1000, 11000), **more)


def fork_case(threads, ms="100", pairs=45, **more):
    return Case("S5", f"fork + wait, {threads} idle threads", "us",
                rounds("fork", str(threads), ms, statistic=statistics.median),
                Added, 20e3 + 100 * threads, pairs=pairs, **more)


SECTION_US = 20

CASES = [
    lock_case("S1", "normal mutex, two threads", "normal", goal=1.03, then=1.00),
    lock_case("S1", "the same, type set explicitly", "normal-by-type", goal=1.03, then=1.00),
    lock_case("S2", "normal mutex, single-threaded", "normal", "0", goal=1.00, then=0.90),
    lock_case("S3", "recursive mutex", "recursive", goal=1.10),
    lock_case("S3", "errorcheck mutex", "errorcheck", goal=1.10),
    lock_case("S3", "adaptive mutex", "adaptive"),
    lock_case("S3", "normal mutex inside another", "normal-nested"),
    lock_case("S3", "rwlock, read", "rwlock-read", goal=1.10),
    lock_case("S3", "rwlock, write", "rwlock-write"),
    lock_case("S3", "semaphore", "semaphore", goal=1.10),
    lock_case("S3", "semaphore as a signal", "semaphore-signal"),
    lock_case("S3", "spinlock", "spinlock"),
    lock_case("S3", "condition, signal to nobody", "condition-signal"),
    Case("S4", "4 threads on one lock", "ns", rounds("contend", "4", "100"), Throughput, 0.97, pairs=45),
    Case("S4", "condition ping-pong", "ns", rounds("pingpong", "100"), Throughput, 0.97),
    Case("S4", "producer and consumer", "ns", rounds("queue", "100"), Throughput, 0.97),
    fork_case(0), fork_case(8, count=("fork", ["8"], 20, 120)), fork_case(64), fork_case(512, "200", pairs=31),
    fork_case(4000, "1000", pairs=7, only_long=True),
    Case("S6", f"fork in a storm, {SECTION_US} us sections", "us",
         rounds("rest", "2", str(SECTION_US), "200", statistic=statistics.median), Added,
         (SECTION_US + 50) * 1e3),
    Case("S7", "pthread_create + join", "us", rounds("create", "100"), Ratio, 1.05),
    Case("S8", "exit, 50 idle threads", "ms", leaving("exit-idle", "50"), Added, 2e6, pairs=60),
    Case("S8", "libgomp hello", "ms", compiled("hello-openmp", "-fopenmp"), Added, 2e6, pairs=90),
    Case("S8", "gio info /", "ms", command("gio", "info", "/"), Added, 10e6, pairs=60),
    Case("S8", "exit, 4 leaked tickers", "ms", leaving("exit-tickers", "4", "4"), Added, 10e6, pairs=9),
    Case("S9", "/bin/true, library", "ms", command("/bin/true"), Added, 0.15e6, pairs=450),
    Case("S9", "/bin/true, launcher", "ms", command("/bin/true"), Added, 2e6, pairs=300, side=Bench.launcher),
    Case("S10", "memory of a thread", "KiB", rounds("memory", "1000"), Added, 1, pairs=9),
    Case("S10", "the object, stripped", "KiB", stripped_size, Absolute, 150, pairs=1),
    Case("S12", "CPython process, fork", "ms", starting("fork"), Ratio, 1.10, pairs=30),
    Case("S12", "the same, bare by forkserver", "ms", starting("forkserver"), Ratio, 0.25, pairs=9),
    Case("S12", "the same, bare by spawn", "ms", starting("spawn"), Ratio, 0.07, pairs=5),
]


def tsan(bench):
    return Side("a TSan build", bench.bare.environment, [], ("-fsanitize=thread",))


def tool(name, *flags):
    def side(bench):
        path = shutil.which(name)
        if not path:
            raise NotMeasured(f"{name} is not installed")
        return Side(name, bench.bare.environment, [path, *flags])
    return side


# The rows whose limit is that something stands in front of libc at all: what passing on and the stores cost, and
# what ours does in the same minutes.
LIMITS = [
    Case("limit", f"{what}, {name}", unit, sample, compare, None, pairs=pairs, side=side)
    for what, unit, sample, compare, pairs in (
        ("semaphore", "ns", rounds("lock", "semaphore", "1", "100"), Ratio, 15),
        ("4 threads on one lock", "ns", rounds("contend", "4", "100"), Throughput, 15),
        ("condition ping-pong", "ns", rounds("pingpong", "100"), Throughput, 15),
        ("producer and consumer", "ns", rounds("queue", "100"), Throughput, 15),
        *((f"fork + wait, {threads} threads", "us",
           rounds("fork", threads, ms, statistic=statistics.median), Added, 30)
          for threads, ms in (("0", "100"), ("8", "100"), ("64", "100"), ("512", "200"))),
        ("/bin/true", "ms", command("/bin/true"), Added, 150),
        ("CPython process, fork", "ms", starting("fork"), Ratio, 20))
    for name, side in (("passed on", Bench.floor), ("stores", lambda bench: bench.floor("-DSTORES")),
                       ("ours", lambda bench: bench.shim))
]

# The same programs under tools that stand in front of locks as well.
PEERS = [
    Case("peer", f"{what}, {name}", unit, sample, Ratio, None, pairs=5, side=side)
    for name, side in (("a TSan build", tsan), ("helgrind", tool("valgrind", "--tool=helgrind", "-q")),
                       ("mutrace", tool("mutrace")))
    for what, unit, sample in (
        ("normal mutex", "ns", rounds("lock", "normal", "1", "100")),
        ("rwlock, read", "ns", rounds("lock", "rwlock-read", "1", "100")),
        ("fork, 8 threads", "us", rounds("fork", "8", "200", statistic=statistics.median)))
]
