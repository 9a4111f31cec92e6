# bare: ok; shimmed: ok
#
# The end of the main process, of a forked Process and of a plain forked child waits for a thread
# that sleeps for 0.5 s, and doesn't wait for a daemon thread that sleeps for 60 s.
#
#   python3 python_end_times.py [SLACK_MS=20000]
#
# Prints each end's length in ms; status 0: none was shorter than it has to be, or longer by SLACK_MS.
import multiprocessing
import os
import subprocess
import sys
import threading
import time

LIMIT_S = 30


def begin(kind):
    daemon = kind == "daemon"
    thread = threading.Thread(target=time.sleep, args=(60 if daemon else 0.5,), daemon=daemon)
    thread.start()


def end_here(where, kind):
    if where == "process":
        multiprocessing.set_start_method("fork")
        process = multiprocessing.Process(target=begin, args=(kind,))
        process.start()
        process.join()
        sys.exit(process.exitcode)
    if where == "fork":
        pid = os.fork()
        if pid:
            sys.exit(os.waitpid(pid, 0)[1] != 0)
    begin(kind)


def main():
    slack = float(sys.argv[1]) if len(sys.argv) > 1 else 20000
    wrong = 0
    for where in "main", "process", "fork":
        for kind in "daemon", "thread":
            command = [sys.executable, os.path.abspath(__file__), "one", where, kind]
            began = time.monotonic()
            status = subprocess.run(command, timeout=LIMIT_S).returncode
            ms = (time.monotonic() - began) * 1000
            least = 0 if kind == "daemon" else 500
            good = status == 0 and least <= ms <= least + slack
            wrong += not good
            print(f"{where}-{kind}_ms={ms:.0f}", end=" ")
    print(f"wrong={wrong} of=6")
    return 1 if wrong else 0


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] == "one":
        end_here(*sys.argv[2:])
    else:
        sys.exit(main())
