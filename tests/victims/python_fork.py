# bare: hangs; shimmed: ok
#
# Threads hold and wait in what CPython's library has to offer while the main thread forks. Each child
# uses all of it, with threads of its own.
#
#   python3 python_fork.py [FORKS=100] [KIND,KIND...]
#
# Kinds: lock rlock condition semaphore queue event barrier logging file import; all of them unless named.
# hung and wrong count children, torn those that found half of a pair written; the kinds where that
# happened follow. Status 0: nothing of it.
import importlib
import io
import logging
import mmap
import os
import queue
import signal
import sys
import tempfile
import threading
import time

from victim import TORN, enough, reap

LIMIT_S = int(os.environ.get("VICTIM_LIMIT_MS", "20000")) / 1000
HUNG_ENOUGH = 5
stop = False


class Kind:
    """A pair that is equal whenever nobody is in the critical section."""

    def __init__(self):
        self.pair = [0, 0]
        self.rounds = 0
        self.begin()

    def begin(self):
        pass

    def write(self):
        self.pair[0] += 1
        self.rounds += 1
        if self.rounds % 8:
            sum(range(300))
        else:
            time.sleep(0.0005)
        self.pair[1] += 1

    def run(self):
        while not stop:
            self.once()
            sum(range(300))

    def threads(self):
        return [self.run, self.run]

    def is_whole(self):
        return self.pair[0] == self.pair[1]


class Locked(Kind):
    make = staticmethod(threading.Lock)

    def begin(self):
        self.lock = self.make()

    def once(self):
        with self.lock:
            self.write()

    def child(self):
        with self.lock:
            return self.is_whole()


class ReentrantlyLocked(Locked):
    make = staticmethod(threading.RLock)

    def once(self):
        with self.lock, self.lock:
            self.write()


class WithSemaphore(Locked):
    make = staticmethod(lambda: threading.Semaphore(1))


class WithCondition(Locked):
    make = staticmethod(threading.Condition)

    def wait(self):
        with self.lock:
            self.lock.wait()

    def threads(self):
        return [self.run, self.wait, self.wait]

    def child(self):
        waiting, woken = threading.Event(), threading.Event()

        def wait():
            with self.lock:
                waiting.set()
                self.lock.wait()
            woken.set()

        with self.lock:
            whole = self.is_whole()
        thread = threading.Thread(target=wait)
        thread.start()
        waiting.wait()
        with self.lock:
            self.lock.notify()
        woken.wait()
        thread.join()
        return whole


class WithQueue(Kind):
    def begin(self):
        self.busy, self.idle = queue.Queue(4), queue.Queue()

    def put(self):
        while not stop:
            self.busy.put(1)

    def get(self):
        while not stop:
            self.busy.get()

    def threads(self):
        return [self.put, self.get, self.idle.get, self.idle.get]

    def child(self):
        got = []
        threads = [threading.Thread(target=lambda q=q: got.append(q.get())) for q in
                   (self.busy, self.idle)]
        for thread in threads:
            thread.start()
        self.busy.put(1)
        self.idle.put(1)
        for thread in threads:
            thread.join()
        return got == [1, 1]


class WithEvent(Kind):
    def begin(self):
        self.event, self.never = threading.Event(), threading.Event()

    def once(self):
        self.event.set()
        self.event.clear()

    def wait(self):
        while not stop:
            self.event.wait()

    def threads(self):
        return [self.run, self.wait, self.never.wait]

    def child(self):
        threads = [threading.Thread(target=e.wait) for e in (self.event, self.never)]
        for thread in threads:
            thread.start()
        self.event.set()
        self.never.set()
        for thread in threads:
            thread.join()
        return True


class WithBarrier(Kind):
    def begin(self):
        self.barrier = threading.Barrier(2)

    def threads(self):
        return [self.barrier.wait]

    def child(self):
        passed = []

        def wait():
            self.barrier.wait()
            passed.append(1)

        first, second = threading.Thread(target=wait), threading.Thread(target=wait)
        first.start()
        first.join(0.01)
        alone = bool(passed)
        second.start()
        first.join()
        second.join()
        return not alone


class WithLogging(Kind):
    class Handler(logging.Handler):
        def emit(self, record):
            self.kind.write()

    def begin(self):
        self.logger = logging.getLogger("of the victim")
        self.logger.propagate = False
        handler = self.Handler()
        handler.kind = self
        self.logger.addHandler(handler)

    def once(self):
        self.logger.error("something")

    def child(self):
        self.logger.error("something")
        return self.is_whole()


class WithFile(Kind):
    class Raw(io.RawIOBase):
        def writable(self):
            return True

        def write(self, data):
            self.kind.write()
            return len(data)

    def begin(self):
        raw = self.Raw()
        raw.kind = self
        self.file = io.BufferedWriter(raw)

    def once(self):
        self.file.write(b"something")
        self.file.flush()

    def child(self):
        self.once()
        return self.is_whole()


class WithImport(Kind):
    def begin(self):
        self.directory = tempfile.TemporaryDirectory()
        with open(os.path.join(self.directory.name, "of_the_victim.py"), "w") as file:
            file.write("import time\nbegun = 1\ntime.sleep(0.002)\ndone = 1\n")
        sys.path.insert(0, self.directory.name)
        sys.dont_write_bytecode = True
        importlib.invalidate_caches()

    def once(self):
        import of_the_victim
        sys.modules.pop("of_the_victim", None)

    def threads(self):
        return [self.run]

    def child(self):
        import of_the_victim
        self.directory._finalizer.detach()
        return of_the_victim.done == 1


KINDS = {"lock": Locked, "rlock": ReentrantlyLocked, "condition": WithCondition,
         "semaphore": WithSemaphore, "queue": WithQueue, "event": WithEvent, "barrier": WithBarrier,
         "logging": WithLogging, "file": WithFile, "import": WithImport}


def main():
    global stop
    forks = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    names = sys.argv[2].split(",") if len(sys.argv) > 2 else list(KINDS)
    kinds = [KINDS[name]() for name in names]
    for kind in kinds:
        for run in kind.threads():
            threading.Thread(target=run, daemon=True).start()
    where = mmap.mmap(-1, mmap.PAGESIZE)  # which kind a child is at, and where it found something
    hung, torn, wrong, tried, times = {}, {}, {}, 0, []
    time.sleep(0.05)
    while tried < forks and not enough(HUNG_ENOUGH, hung=sum(hung.values()), torn=sum(torn.values())):
        begin = time.monotonic()
        pid = os.fork()
        if pid == 0:
            signal.alarm(int(LIMIT_S) + 5)
            status = 1
            try:
                for i, kind in enumerate(kinds):
                    where[0] = i
                    if not kind.child():
                        os._exit(TORN)
                status = 0
            finally:
                os._exit(status)
        times.append(time.monotonic() - begin)
        status = reap(pid, LIMIT_S)
        tried += 1
        if status != 0:
            if status is not None and os.waitstatus_to_exitcode(status) not in (0, TORN):
                print(f"status of a child: {status}")
            name = names[where[0]]
            count = hung if status is None else torn if os.waitstatus_to_exitcode(status) == TORN else wrong
            count[name] = count.get(name, 0) + 1
        time.sleep(0.001)
    stop = True
    times.sort()
    faults = " ".join(f"{word}:{name}={n}" for word, found in (("hung", hung), ("torn", torn),
                      ("wrong", wrong)) for name, n in found.items())
    print(f"hung={sum(hung.values())} torn={sum(torn.values())} wrong={sum(wrong.values())} of={tried} "
          f"median_fork_ms={times[len(times) // 2] * 1000:.1f} longest_fork_ms={times[-1] * 1000:.1f} "
          f"{faults}", flush=True)
    os._exit(1 if hung or torn or wrong else 0)


if __name__ == "__main__":
    main()
