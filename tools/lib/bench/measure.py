"""How one thing is measured: the sides, what a run of each sort yields, and how two sides are compared."""

import collections
import os
import shutil
import signal
import statistics
import subprocess
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__)))))
SOURCES = os.path.join(TOP, "tests", "bench")
RUN_LIMIT = 30  # seconds
SCALE = {"ns": 1, "us": 1e3, "ms": 1e6, "KiB": 1, "/s": 1}

# A side: in which environment, under which command, compiled with which flags.
Side = collections.namedtuple("Side", "name environment prefix flags", defaults=((),))
Program = collections.namedtuple("Program", "end_ns taken_ns output")


class NotMeasured(Exception):
    pass


# How two sides are compared: the value, whether it reaches a goal, how both are written.
class Ratio:
    @staticmethod
    def of(bare, shim):
        return shim / bare

    @staticmethod
    def reached(value, goal):
        return round(value, 2) <= goal

    @staticmethod
    def text(value, _unit):
        return f"{value:.3f}"

    @staticmethod
    def goal_text(goal, _unit):
        return f"{goal:.2f}"


class Throughput(Ratio):
    @staticmethod
    def of(bare, shim):
        return bare / shim

    @staticmethod
    def reached(value, goal):
        return round(value, 2) >= goal


class Added:
    @staticmethod
    def of(bare, shim):
        return shim - bare

    @staticmethod
    def reached(value, goal):
        return value <= goal

    @staticmethod
    def text(value, unit):
        return f"{value / SCALE[unit]:+.2f} {unit}"

    @staticmethod
    def goal_text(goal, unit):
        return f"{goal / SCALE[unit]:+g} {unit}"


class Absolute(Added):
    @staticmethod
    def of(_bare, shim):
        return shim

    @staticmethod
    def text(value, unit):
        return f"{value / SCALE[unit]:.2f} {unit}"

    @staticmethod
    def goal_text(goal, unit):
        return f"{goal / SCALE[unit]:g} {unit}"


class Bench:
    """The object under test, a directory for what is compiled, and how one run of each sort is made."""

    def __init__(self, library, directory):
        self.library = library
        self.directory = directory
        self.output = os.path.join(directory, "output")
        self.errors = os.path.join(directory, "errors")
        self.built = {}
        environment = {k: v for k, v in os.environ.items() if k != "LD_PRELOAD"}
        self.bare = Side("bare", environment, [])
        self.shim = Side("shim", dict(environment, LD_PRELOAD=library), [])

    def check_library(self):
        if not os.path.isfile(self.library):
            raise NotMeasured(f"no such object: {self.library}")
        maps = self.run(["/bin/cat", "/proc/self/maps"], self.shim).output
        if self.library not in maps:
            raise NotMeasured(f"the loader does not take it: {self.library}")

    def launcher(self):
        """In a build tree shim/ and tools/ are neighbours; installed, lib/holdstill/ and bin/ are near."""
        for relative in "../tools/holdstill", "../../bin/holdstill":
            path = os.path.normpath(os.path.join(os.path.dirname(self.library), relative))
            if os.access(path, os.X_OK):
                return Side("launcher", self.bare.environment, [path])
        raise NotMeasured("no launcher belongs to this object")

    def run(self, command, side, output=None):
        command = side.prefix + command
        actions = [
            (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, output or self.output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
            (os.POSIX_SPAWN_OPEN, 2, self.errors, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
        ]
        start = time.monotonic_ns()
        pid = os.posix_spawn(command[0], command, side.environment, file_actions=actions, setpgroup=0)
        try:
            signal.alarm(RUN_LIMIT)
            status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            end = time.monotonic_ns()
        except BaseException as error:
            os.killpg(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            if isinstance(error, TimeoutError):
                name = os.path.basename(command[0])
                raise NotMeasured(f"{side.name}: {name} took over {RUN_LIMIT} s") from error
            raise
        finally:
            signal.alarm(0)
        if status != 0:
            raise NotMeasured(f"{side.name}: {os.path.basename(command[0])} {self.failure(status)}")
        with open(self.output, errors="replace") as file:
            return Program(end, end - start, "" if output else file.read())

    def failure(self, status):
        with open(self.errors, errors="replace") as file:
            last = (file.read().splitlines() or [""])[-1]
        how = f"was ended by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
        return f"{how}: {last}" if last else how

    def program(self, name, flags=()):
        if (name, flags) not in self.built:
            target = os.path.join(self.directory, "-".join([name, *flags]))
            compiler = os.environ.get("CC", "cc").split()
            source = os.path.join(SOURCES, name + ".c")
            try:
                subprocess.run([*compiler, "-O2", "-pthread", *flags, "-o", target, source],
                               check=True, stdout=subprocess.DEVNULL)
            except (OSError, subprocess.CalledProcessError) as error:
                raise NotMeasured(f"{name}.c does not compile: {error}") from error
            self.built[name, flags] = target
        return self.built[name, flags]

    def floor(self, *flags):
        """The side that an object in front of libc can't be faster than."""
        library = self.program("floor", ("-shared", "-fPIC", *flags))
        return Side("in front of libc", dict(self.bare.environment, LD_PRELOAD=library), [])

    def count(self, side, name, arguments, few, many):
        """The instructions of one round. A child's profile says less than that of the program itself."""
        totals = []
        for rounds_made in few, many:
            profile = os.path.join(self.directory, "profile")
            self.run([shutil.which("valgrind"), "--tool=callgrind", f"--callgrind-out-file={profile}.%p",
                      self.program(name), *arguments, "0", str(rounds_made)], side)
            found = []
            for file in [file for file in os.listdir(self.directory) if file.startswith("profile.")]:
                path = os.path.join(self.directory, file)
                with open(path, errors="replace") as lines:
                    found += [int(line.split()[1]) for line in lines if line.startswith("totals:")]
                os.unlink(path)
            totals.append(max(found))
        return round((totals[1] - totals[0]) / (many - few))


# What one run yields, in nanoseconds or KiB. Each maker returns a function of the bench and the side.
def rounds(name, *arguments, statistic=min):
    def sample(bench, side):
        lines = bench.run([bench.program(name, side.flags), *arguments], side).output.split()
        if not lines:
            raise NotMeasured(f"{side.name}: {name} printed no round")
        return statistic(float(line) for line in lines)
    return sample


def leaving(name, *arguments):
    """From the moment at which main ends, which the program prints, to the end of the process."""
    def sample(bench, side):
        run = bench.run([bench.program(name), *arguments], side)
        return run.end_ns - float(run.output)
    return sample


def compiled(name, *flags):
    def sample(bench, side):
        return bench.run([bench.program(name, flags)], side, output="/dev/null").taken_ns
    return sample


def command(name, *arguments):
    def sample(bench, side):
        path = shutil.which(name)
        if not path:
            raise NotMeasured(f"{name} is not installed")
        return bench.run([path, *arguments], side, output="/dev/null").taken_ns
    return sample


def starting(method):
    """A process of multiprocessing: that method bare against fork under the shim, with its safe forks."""
    def sample(bench, side):
        source = os.path.join(SOURCES, "python-start.py")
        name = method if side is bench.bare else "fork"
        lines = bench.run(["/usr/bin/python3", source, name], side).output.split()
        return statistics.median(float(line) for line in lines)
    return sample


def stripped_size(bench, _side):
    target = os.path.join(bench.directory, "stripped.so")
    try:
        subprocess.run(["strip", "-o", target, bench.library], check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise NotMeasured(f"strip: {error}") from error
    return os.path.getsize(target) / 1024
