# bare: wrong; shimmed with orphans=kill: ok
#
# A program whose Pool's workers are in a long task, asleep or computing, is killed by SIGKILL.
#
#   python3 python_orphans.py [ROUNDS=5] [SECONDS=1]
#
# wrong: workers that live on after that many seconds.
import multiprocessing
import os
import signal
import subprocess
import sys
import time

WORKERS = 4


def task(number):
    os.write(1, f"{os.getpid()}\n".encode())
    end = time.monotonic() + 100
    while time.monotonic() < end:
        if number % 2:
            time.sleep(100)


def one():
    pool = multiprocessing.get_context("fork").Pool(WORKERS)
    pool.map(task, range(WORKERS), 1)


def lives(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 1
    wrong = 0
    longest = 0.0
    for _ in range(rounds):
        program = subprocess.Popen([sys.executable, os.path.abspath(__file__), "one"],
                                   stdout=subprocess.PIPE, text=True)
        pids = [int(program.stdout.readline()) for _ in range(WORKERS)]
        program.kill()
        began = time.monotonic()
        program.wait()
        while any(map(lives, pids)) and time.monotonic() - began < seconds:
            time.sleep(0.005)
        longest = max(longest, time.monotonic() - began)
        for pid in filter(lives, pids):
            wrong += 1
            os.kill(pid, signal.SIGKILL)
        program.stdout.close()
    print(f"wrong={wrong} of={rounds * WORKERS} longest_ms={longest * 1000:.0f}")
    return 1 if wrong else 0


if __name__ == "__main__":
    if sys.argv[1:] == ["one"]:
        one()
    else:
        sys.exit(main())
