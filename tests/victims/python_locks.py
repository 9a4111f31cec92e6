# bare: hangs; shimmed: ok
#
# Three threads hold a Lock, an RLock and a Condition in turn, busy or across a
# short sleep, while the main thread forks.  Each child takes all of them,
# starts a thread that does so again, and joins it.
#
#   python3 python_locks.py [FORKS=200] [LONGEST_FORK_MS=100, 0: any]
#
# Status 0: no child hung, none failed, no fork took longer.  Torn data (a pair
# that is equal whenever nobody holds the lock) is counted, and decides nothing.
import os
import signal
import sys
import threading
import time

from victim import TORN, reap

LIMIT_S = int(os.environ.get("VICTIM_LIMIT_MS", "5000")) / 1000
HUNG_ENOUGH = int(os.environ.get("VICTIM_HUNG", 20))

forks = int(sys.argv[1]) if len(sys.argv) > 1 else 200
longest_allowed = float(sys.argv[2]) if len(sys.argv) > 2 else 100

locks = [threading.Lock(), threading.RLock(), threading.Condition()]
pairs = [[0, 0] for _ in locks]  # each guarded by its lock
holding = threading.Barrier(4)
stop = False


def hold(first):
    turn = first
    with locks[first]:
        holding.wait()
    while not stop:
        turn = (turn + 1) % len(locks)
        with locks[turn]:
            pairs[turn][0] += 1
            if turn == first:
                time.sleep(0.001)
            else:
                sum(range(2000))
            pairs[turn][1] += 1


def take_all(results):
    for lock, pair in zip(locks, pairs):
        with lock:
            results.append(pair[0] == pair[1])
            pair[0] = pair[1] = 0


def child():
    results = []
    take_all(results)
    thread = threading.Thread(target=take_all, args=(results,))
    thread.start()
    thread.join()
    return 0 if all(results) else TORN


def main():
    global stop
    hung = torn = wrong = tried = 0
    longest = 0.0
    threads = [threading.Thread(target=hold, args=(i,)) for i in range(3)]
    for thread in threads:
        thread.start()
    holding.wait()
    while tried < forks and hung < HUNG_ENOUGH:
        begin = time.monotonic()
        pid = os.fork()
        if pid == 0:
            signal.alarm(int(LIMIT_S) + 2)
            os._exit(child())
        longest = max(longest, (time.monotonic() - begin) * 1000)
        status = reap(pid, LIMIT_S)
        tried += 1
        if status is None:
            hung += 1
        elif os.WIFEXITED(status) and os.WEXITSTATUS(status) == TORN:
            torn += 1
        elif status != 0:
            wrong += 1
    stop = True
    for thread in threads:
        thread.join()
    print(f"hung={hung} torn={torn} wrong={wrong} of={tried} longest_fork_ms={longest:.1f}")
    too_long = longest_allowed and longest > longest_allowed
    return 1 if hung or wrong or too_long else 0


if __name__ == "__main__":
    sys.exit(main())
