# What the victims in Python share.
import os
import signal
import time

TORN = 3  # the status of a child that found half of something written


def enough(limit, **counts):
    """Hung `limit` times, or once what VICTIM_UNTIL names?"""
    return counts["hung"] >= limit or counts.get(os.environ.get("VICTIM_UNTIL"), 0) > 0


def reap(pid, limit_s):
    """The child's status, or None: it had to be killed."""
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return status
        time.sleep(0.0005)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return None
