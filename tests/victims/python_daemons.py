# bare: ok; shimmed: ok
#
# Forty daemon threads read, write and sleep at random for 0 to 5 ms while the interpreter ends,
# with an exit function that sleeps.
#
#   python3 python_daemons.py [RUNS=20] [LIBRARY]
#
# LIBRARY is python_noexcept.so: then the daemon threads sit in a C++ function that lets no exception
# through, and gives the interpreter lock up and takes it again; bare, that crashes up to 3.13.
# A run must end with status 0 and print nothing but "done".
import atexit
import os
import random
import subprocess
import sys
import threading
import time

from victim import enough

LIMIT_S = 30
THREADS = 40


def use_files(started):
    read, write = os.pipe()
    with open(os.devnull, "w") as null:
        started.release()
        while True:
            os.write(write, b"x")
            os.read(read, 1)
            print("some text", file=null, flush=True)
            time.sleep(random.random() * 0.005)


def one(library):
    started = threading.Semaphore(0)
    target, arguments = use_files, (started,)
    if library:
        import ctypes
        function = ctypes.PyDLL(library).give_and_take
        target, arguments = lambda: (started.release(), function()), ()
    for _ in range(THREADS):
        threading.Thread(target=target, args=arguments, daemon=True).start()
    for _ in range(THREADS):
        started.acquire()
    atexit.register(time.sleep, random.random() * 0.02)
    atexit.register(print, "done")


def main():
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    hung = crashed = wrong = 0
    longest = 0.0
    tried = 0
    while tried < runs and not enough(runs, hung=hung, crashed=crashed):
        tried += 1
        begin = time.monotonic()
        command = [sys.executable, os.path.abspath(__file__), "one", *sys.argv[2:3]]
        try:
            run = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S)
        except subprocess.TimeoutExpired:
            hung += 1
            continue
        longest = max(longest, time.monotonic() - begin)
        crashed += run.returncode < 0
        wrong += run.returncode > 0 or run.stdout != "done\n" or run.stderr != ""
        if (run.returncode or run.stderr) and crashed + wrong < 4:
            print(f"status {run.returncode}: {run.stderr.strip()[-300:]}")
    print(f"hung={hung} crashed={crashed} wrong={wrong} of={tried} longest_ms={longest * 1000:.0f}")
    return 1 if hung or crashed or wrong else 0


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] == "one":
        one(sys.argv[2] if len(sys.argv) > 2 else "")
    else:
        sys.exit(main())
