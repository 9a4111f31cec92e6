"""The programs of a soak: how one is drawn, and what of it counts."""

import collections
import os
import re
import subprocess

SOURCES = os.path.join(os.path.dirname(os.path.dirname(os.path.realpath(__file__))), "victims")
PYTHON = "/usr/bin/python3"

# One run: the command; the statuses and the output (None: any) of a good one; options; whether torn data
# is no fault, since the fork wasn't to wait.
Run = collections.namedtuple("Run", "command statuses output options may_tear", defaults=((0,), None, {}, False))

# Nobody is given up on a loaded machine. An exit waits that long for who spins for the lock of a thread that
# was given up, which is nobody's fault.
PATIENT = {"fork_wait_ms": 20000, "exit_still_ms": 2000}
# With delays in the protocol itself, the other waits take longer, too.
SLOW = {"exit_join_ms": 2000, "grace_ms": 100, "stall_ms": 20000}
# Any of these may be there, and nothing may change. Files: nobody reads them.
EXTRAS = [
    {"report": "/dev/null"},
    {"report": "/dev/null", "report_format": "json"},
    {"trace": "/dev/null"},
    {"flush_on_fork": "yes"},
    {"inherited_handlers": "skip"},
    {"orphans": "kill"},
    {"dlclose": "keep"},
    {"stuck_ms": 20000},
    {"python": "no"},
]
# ... but where it is what the program is about: its command, and the option.
NOT_FOR = [("fork_in_exit|tiers", "inherited_handlers"), ("raw_fork", "orphans"), ("python", "python")]

KINDS = ["normal", "recursive", "errorcheck", "adaptive", "rwlock"]
WAYS = {
    "return": (21, "local,third,second:21,first,static"),
    "exit": (22, "local,third,second:22,first,static"),
    "worker": (23, "third,second:23,first,static"),
    "handler": (24, "local,third,second:24,first,static"),
    "signal": (25, "local,third,second:25,first,static"),
    "locked": (25, "local,third,second:25,first,static"),
    "lastthread": (0, "third,second:0,first,static"),
    "error": (26, "local,third,second:26,first,static"),
    "err": (29, "local,third,second:29,first,static"),
    "local": (28, "third,second:28,first,static"),
    "quick": (27, "quick"),
}


def names_of(victims, name):
    """What a victim lists that has a table."""
    output = subprocess.run([os.path.join(victims, name), "list"], capture_output=True, text=True, timeout=60)
    return output.stdout.split()


def storm(rng, _victims):
    kinds = rng.choice(KINDS + ["mixed"] + [f"{a},{b}" for a in KINDS for b in KINDS if a != b])
    command = ["./storm", rng.randint(50, 400), rng.choice([1, 2, 2, 3, 4, 8, 16]), rng.choice([1, 2, 4, 16, 64]), kinds]
    if rng.random() < 0.25:
        return Run(command, options={**PATIENT, "fork_wait_ms": rng.choice([0, 1, 5])}, may_tear=True)
    if rng.random() < 0.1:
        return Run(command, options={**PATIENT, "mode": "repair"}, may_tear=True)
    return Run(command, options=PATIENT)


def mixed_storm(rng, _victims):
    return Run(["./mixed_storm", rng.randint(30, 150), rng.choice([1, 2, 3, 4, 8]), rng.getrandbits(30)], options=PATIENT)


def random_storm(rng, _victims):
    return Run(["./random_storm", rng.randint(50, 300), rng.choice([1, 2, 2, 3, 4, 8]), rng.getrandbits(30)],
               options=PATIENT)


def many_forkers(rng, _victims):
    return Run(["./many_forkers", rng.randint(10, 60)], options=PATIENT)


def fork_in_signal(rng, _victims):
    return Run(["./fork_in_signal", rng.randint(5, 30)], options=PATIENT)


def primitives(rng, victims):
    """A child hears that a robust one's owner died also if that one was just about to give it back again."""
    names = [name for name in names_of(victims, "primitives") if "robust" not in name]
    return Run(["./primitives", rng.choice(names), "soon", rng.randint(20, 100)], options=PATIENT)


def table(name, low, high):
    """A victim that takes a name of its table and a number of rounds. Some keep locks for ever: no waits."""

    def draw(rng, victims):
        return Run([f"./{name}", rng.choice(names_of(victims, name)), rng.randint(low, high)])

    return draw


def own_locks(rng, victims):
    return Run(["./own_locks", rng.choice(names_of(victims, "own_locks"))], options=PATIENT)


def python(name, low, high, *rest):
    def draw(rng, _victims):
        return Run([PYTHON, os.path.join(SOURCES, name), rng.randint(low, high), *rest], options=PATIENT)

    return draw


def exit_storm(rng, _victims):
    return Run(["./exit_storm", rng.getrandbits(31) | 1], (10, 11), options={"exit_join_ms": 20})


def ways_out(rng, _victims):
    way = rng.choice(list(WAYS))
    status, output = WAYS[way]
    return Run(["./ways_out", way], (status,), output, {"exit_still_ms": 2000})


def concurrent_exit(rng, _victims):
    return Run(["./concurrent_exit"] + rng.choice([[], ["signal"]]), range(10, 18), "4,3,2,1")


def needs_worker(rng, _victims):
    return Run(["./handler_needs_worker", rng.choice(["condition", "semaphore", "pipe", "flag"])], (0,), "answer")


def fixed(command, status, output=None, **options):
    return lambda _rng, _victims: Run(command, (status,), output, options)


# How often each is drawn, of those that count forks and those that count exits.
FORKS = [
    (12, random_storm), (8, storm), (6, mixed_storm), (4, many_forkers), (1, fork_in_signal), (3, primitives),
    (1, own_locks), (1, table("guard", 10, 50)), (1, table("sem_lock", 5, 20)), (1, table("raw_fork", 2, 6)),
    (1, table("inside", 5, 10)), (1, table("ghosts", 5, 20)),
    (1, python("python_locks.py", 20, 60, 0)), (1, python("python_fork.py", 5, 20)),
]  # fmt: skip
EXITS = [
    (16, exit_storm), (6, ways_out), (3, concurrent_exit), (2, needs_worker),
    (3, fixed(["./static_destructors"], 7)), (2, fixed(["./fork_in_exit"], 6, "child:5 handler")),
    (1, fixed(["./tiers"], 2, "first,second,tell,joined,handler,second-last,last",
              exit_join_ms=20000)), (1, fixed(["./join_chain"], 4)),
]  # fmt: skip


def draw(programs, rng, victims, chaos):
    """One run, with random options that change nothing."""
    weights, makers = zip(*programs)
    run = rng.choices(makers, weights)[0](rng, victims)
    extras = {}
    while rng.random() < 0.25:
        extras.update(rng.choice(EXTRAS))
    options = {**(SLOW if chaos else {}), **extras, **run.options}
    command = [str(word) for word in run.command]
    if chaos and re.search("storm|fork", command[0]) and run.options.get("fork_wait_ms"):
        command[1] = str(max(5, int(command[1]) // 5))  # each takes so much longer
    for name, option in NOT_FOR:
        if re.search(name, " ".join(command)):
            options.pop(option, None)
    return run._replace(options=options, command=command)
