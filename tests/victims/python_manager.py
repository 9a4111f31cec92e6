# bare: crashes; shimmed: ok
#
# A process of multiprocessing has a daemon thread that owns a Manager and polls its queue until an
# event, and ends while the thread does so: the finalizers take the manager away from under it.
#
#   python3 python_manager.py [RUNS=20] [plain|finalize] [SECONDS=1]
#
# finalize: a finalizer of the program's own ends the thread first, and joins it.
# crashed counts processes that printed a traceback, wrong those with another status than 0.
import multiprocessing
import os
import queue
import subprocess
import sys
import threading
import time
from multiprocessing import util

LIMIT_S = 30


def poll(stop, polling, own_finalizer):
    manager = multiprocessing.Manager()
    shared = manager.Queue()

    def release(manager):
        stop.set()
        thread.join()

    thread = threading.current_thread()
    if own_finalizer:
        util.Finalize(None, release, args=(manager,), exitpriority=100)
    polling.set()
    while not stop.is_set():
        try:
            shared.get(timeout=0.001)
        except queue.Empty:
            pass


def work(own_finalizer, seconds):
    stop, polling = threading.Event(), threading.Event()
    threading.Thread(target=poll, args=(stop, polling, own_finalizer), daemon=True).start()
    polling.wait()
    time.sleep(seconds)
    print(f"ends {time.monotonic()}", flush=True)


def one(own_finalizer, seconds):
    multiprocessing.set_start_method("fork")
    process = multiprocessing.Process(target=work, args=(own_finalizer, seconds))
    process.start()
    process.join()
    print(f"ended {time.monotonic()} status {process.exitcode}")


def main():
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    arguments = [sys.argv[2] if len(sys.argv) > 2 else "plain",
                 sys.argv[3] if len(sys.argv) > 3 else "1"]
    crashed = wrong = hung = 0
    longest = 0.0
    for _ in range(runs):
        command = [sys.executable, os.path.abspath(__file__), "one", *arguments]
        try:
            run = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S)
        except subprocess.TimeoutExpired:
            hung += 1
            continue
        words = run.stdout.split()
        crashed += "Traceback" in run.stderr
        if run.stderr and crashed < 3:
            print(run.stderr[-1500:])
        wrong += run.returncode != 0 or words[-2:] != ["status", "0"]
        if len(words) == 6:
            longest = max(longest, float(words[3]) - float(words[1]))
    print(f"hung={hung} crashed={crashed} wrong={wrong} of={runs} longest_end_ms={longest * 1000:.0f}")
    return 1 if hung or crashed or wrong else 0


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] == "one":
        one(sys.argv[2] == "finalize", float(sys.argv[3]))
    else:
        sys.exit(main())
