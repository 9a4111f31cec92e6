"""What the machine itself does to a run."""

import os

HZ = os.sysconf("SC_CLK_TCK")


def lost():
    """Seconds since boot in which the clock went on, and no CPU: a virtual machine that stood still."""
    with open("/proc/uptime", encoding="ascii") as file:
        up = float(file.read().split()[0])
    with open("/proc/stat", encoding="ascii") as file:
        fields = file.readline().split()
    return up - sum(map(int, fields[1:9])) / HZ / os.cpu_count()
