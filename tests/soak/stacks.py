"""The processes of a session, and the stacks of all their threads."""

import glob
import os
import shutil
import signal
import subprocess

LIMIT_S = 60
MOST = 8  # processes


def fields_of(pid):
    """Of its stat, from its state on; none where it has ended."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            fields = file.read().rsplit(")", 1)[1].split()
    except (OSError, IndexError):
        return []
    return fields if fields[0] != "Z" else []


def members(session):
    """The processes of a session that live."""
    pids = [int(path.split("/")[2]) for path in glob.glob("/proc/[0-9]*/stat")]
    return sorted(pid for pid in pids if fields_of(pid)[3:4] == [str(session)])


def end(session):
    """Kills it, those that it starts meanwhile included."""
    for _ in range(100):
        alive = members(session)
        if not alive:
            return
        for pid in alive:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass


def read(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except OSError as error:
        return error.strerror


def by_kernel(pid):
    """Where no debugger is: what each thread does, by the kernel's word."""
    tasks = sorted(glob.glob(f"/proc/{pid}/task/[0-9]*"))
    return "\n".join(" ".join([task] + [read(f"{task}/{name}") for name in ("comm", "wchan", "syscall")]) for task in tasks)


def of_process(pid):
    commands = [
        ["gdb", "-nx", "-batch", "-p", str(pid), "-ex", "set pagination off", "-ex", "thread apply all backtrace 30"],
        ["eu-stack", "-p", str(pid)],
    ]
    for command in commands:
        if not shutil.which(command[0]):
            continue
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LIMIT_S,
                                  errors="replace", check=False)
        except subprocess.TimeoutExpired:
            continue
        if "#0" in done.stdout:
            return done.stdout
    return by_kernel(pid)


def of_session(session):
    """Of parent and children."""
    pids = members(session)
    return "".join(f"--- process {pid}, child of {parent(pid)}\n{of_process(pid)}\n" for pid in pids[:MOST])


def parent(pid):
    return fields_of(pid)[1:2]
