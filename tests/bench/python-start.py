# Nanoseconds for the start and the end of a process of multiprocessing, a line each.
#
#   python3 python-start.py fork|forkserver|spawn [PROCESSES=20]
#
# Two threads are alive meanwhile, one asleep for good and one that takes a lock now and then.
import multiprocessing
import sys
import threading
import time

lock = threading.Lock()


def nothing():
    pass


def use_lock():
    while True:
        with lock:
            time.sleep(0.0001)
        time.sleep(0.01)


def start(context):
    process = context.Process(target=nothing)
    process.start()
    process.join()


def main():
    context = multiprocessing.get_context(sys.argv[1])
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    for target in threading.Event().wait, use_lock:
        threading.Thread(target=target, daemon=True).start()
    start(context)  # starts the fork server
    for _ in range(count):
        began = time.monotonic_ns()
        start(context)
        print(time.monotonic_ns() - began)


if __name__ == "__main__":
    main()
