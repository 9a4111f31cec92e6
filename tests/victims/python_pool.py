# bare: hangs; shimmed: ok
#
# A Pool and a ProcessPoolExecutor are made by fork, and used, while threads log and hold a lock which
# the workers' task uses too. Each round is a program of its own, and has to end well.
#
#   python3 python_pool.py [ROUNDS=20]
#
# hung: rounds that didn't end; wrong: those with wrong results, another status than 0, or noise.
import concurrent.futures
import logging
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time

from victim import enough

LIMIT_S = int(os.environ.get("VICTIM_LIMIT_MS", "60000")) / 1000
HUNG_ENOUGH = int(os.environ.get("VICTIM_HUNG", 5))
lock = threading.Lock()
pair = [0, 0]
logger = logging.getLogger("of the victim")


def use(logger, lock):
    while True:
        logger.error("something")
        with lock:
            pair[0] += 1
            time.sleep(0.0005)
            pair[1] += 1


def task(number):
    logger.error("a task")
    with lock:
        return number * number if pair[0] == pair[1] else None


def one():
    logger.addHandler(logging.StreamHandler(open(os.devnull, "w")))
    logger.propagate = False
    for _ in range(3):
        threading.Thread(target=use, args=(logger, lock), daemon=True).start()
    context = multiprocessing.get_context("fork")
    wanted = [n * n for n in range(40)]
    with context.Pool(3) as pool:
        right = pool.map(task, range(40)) == wanted
    with concurrent.futures.ProcessPoolExecutor(3, mp_context=context) as executor:
        right = list(executor.map(task, range(40))) == wanted and right
    sys.exit(0 if right else 1)


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    hung = wrong = tried = 0
    while tried < rounds and not enough(HUNG_ENOUGH, hung=hung):
        tried += 1
        program = subprocess.Popen([sys.executable, "-W", "ignore", os.path.abspath(__file__), "one"],
                                   stderr=subprocess.PIPE, text=True, start_new_session=True)
        try:
            _, noise = program.communicate(timeout=LIMIT_S)
            wrong += program.returncode != 0 or noise != ""
            if noise and wrong < 3:
                print(noise[-500:])
        except subprocess.TimeoutExpired:
            hung += 1
            os.killpg(program.pid, signal.SIGKILL)
            program.communicate()
    print(f"hung={hung} wrong={wrong} of={tried}")
    return 1 if hung or wrong else 0


if __name__ == "__main__":
    if sys.argv[1:] == ["one"]:
        one()
    else:
        sys.exit(main())
