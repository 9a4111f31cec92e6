# bare: hangs; shimmed: ok
#
# A prefork server: its master's threads log and hold locks while it forks workers, which serve so many
# requests each, with the same logger and locks, and are replaced. A program of its own loads it.
#
#   python3 python_prefork.py [SECONDS=10] [WORKERS=4]
#
# hung: workers that gave no sign of life for so long that the master killed them; torn: those that found
# half of a pair written; wrong: those with another status than 0, and answers; of: all workers.
import logging
import mmap
import os
import queue
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

from victim import TORN, enough

LIMIT_S = int(os.environ.get("VICTIM_LIMIT_MS", "20000")) / 1000
HUNG_ENOUGH = int(os.environ.get("VICTIM_HUNG", 20))
REQUESTS = 25  # of one worker
logger = logging.getLogger("of the victim")
lock, pair, jobs = threading.RLock(), [0, 0], queue.Queue(10)


def write():
    with lock:
        pair[0] += 1
        time.sleep(0.0005)
        pair[1] += 1


def keep_house(work):
    while True:
        work()


def start_threads():
    logger.addHandler(logging.StreamHandler(open(os.devnull, "w")))
    logger.propagate = False
    for work in (write, lambda: logger.error("something"), lambda: jobs.put(1), jobs.get,
                 lambda: (logger.info("something"), write())):
        threading.Thread(target=keep_house, args=(work,), daemon=True).start()


def serve(listener, alive):
    """What a worker does; its status."""
    for _ in range(REQUESTS):
        connection, _ = listener.accept()
        with connection:
            number = struct.unpack("!I", connection.recv(4))[0]
            logger.error("request %d", number)
            with lock:
                if pair[0] != pair[1]:
                    return TORN
            jobs.put(number, timeout=LIMIT_S)
            jobs.get(timeout=LIMIT_S)
            connection.sendall(struct.pack("!I", number + 1))
        alive()
    return 0


class Worker:
    def __init__(self, listener, beats, index):
        self.beats, self.index = beats, index
        self.alive()
        self.pid = os.fork()
        if self.pid == 0:
            status = 1
            try:
                self.alive()
                while not jobs.empty():
                    jobs.get_nowait()
                status = serve(listener, self.alive)
            finally:
                os._exit(status)

    def alive(self):
        self.beats[self.index * 8:self.index * 8 + 8] = struct.pack("d", time.monotonic())

    def is_stuck(self):
        beat = struct.unpack("d", self.beats[self.index * 8:self.index * 8 + 8])[0]
        return time.monotonic() - beat > LIMIT_S


def load(port):
    """Requests from eight threads until the server is gone; prints how many got wrong answers."""
    counts = {"answers": 0, "wrong": 0}
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())

    def ask():
        number = 0
        while not stop.is_set():
            number += 1
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=LIMIT_S) as connection:
                    connection.sendall(struct.pack("!I", number))
                    answer = connection.recv(4)
            except OSError:
                continue  # a stuck worker was killed
            if answer:
                counts["answers"] += 1
                counts["wrong"] += struct.unpack("!I", answer)[0] != number + 1

    for _ in range(8):
        threading.Thread(target=ask, daemon=True).start()
    while not stop.wait(0.1):
        pass
    print(counts["answers"], counts["wrong"], flush=True)
    os._exit(0)


def look_after(workers, counts, listener, beats):
    for index, worker in enumerate(workers):
        pid, status = os.waitpid(worker.pid, os.WNOHANG)
        if not pid and worker.is_stuck():
            counts["hung"] += 1
            os.kill(worker.pid, signal.SIGKILL)
            pid, status = os.waitpid(worker.pid, 0)[0], 0
        if pid:
            code = os.waitstatus_to_exitcode(status)
            counts["torn"] += code == TORN
            counts["wrong"] += code not in (0, TORN)
            counts["of"] += 1
            workers[index] = Worker(listener, beats, index)


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 10
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 4
    listener = socket.create_server(("127.0.0.1", 0), backlog=100)
    start_threads()
    loader = subprocess.Popen([sys.executable, os.path.abspath(__file__), "load",
                               str(listener.getsockname()[1])], stdout=subprocess.PIPE, text=True)
    beats, counts = mmap.mmap(-1, mmap.PAGESIZE), {"hung": 0, "torn": 0, "wrong": 0, "of": 0}
    workers = [Worker(listener, beats, index) for index in range(count)]
    end = time.monotonic() + seconds
    while time.monotonic() < end and not enough(HUNG_ENOUGH, **counts):
        look_after(workers, counts, listener, beats)
        time.sleep(0.005)
    for worker in workers:
        os.kill(worker.pid, signal.SIGKILL)
    loader.terminate()
    answers, wrong = map(int, loader.stdout.readline().split())
    counts["wrong"] += wrong
    print(*(f"{name}={number}" for name, number in counts.items()), f"answers={answers}", flush=True)
    os._exit(1 if counts["hung"] or counts["torn"] or counts["wrong"] or not counts["of"] else 0)


if __name__ == "__main__":
    if sys.argv[1:2] == ["load"]:
        load(int(sys.argv[2]))
    else:
        main()
