# bare: ok; shimmed: ok
#
# A coroutine forks while its loop has timers and a reader that a thread feeds. The child runs a loop of
# its own, with a thread, and ends; the parent's loop has to go on as before.
#
#   python3 python_coroutine.py [FORKS=20]
#
# wrong: children that failed, and forks after which a timer or the reader stood still.
import asyncio
import os
import signal
import sys
import threading
import time

LIMIT_S = 20


class Parent:
    def __init__(self):
        self.ticks = self.bytes_read = 0
        self.read_end, self.write_end = os.pipe()

    def tick(self):
        self.ticks += 1
        asyncio.get_running_loop().call_later(0.002, self.tick)

    def read(self):
        self.bytes_read += len(os.read(self.read_end, 100))

    def feed(self):
        while True:
            os.write(self.write_end, b"x")
            time.sleep(0.002)

    async def goes_on(self):
        ticks, bytes_read = self.ticks, self.bytes_read
        end = time.monotonic() + LIMIT_S
        while time.monotonic() < end:
            await asyncio.sleep(0.002)
            if self.ticks > ticks + 2 and self.bytes_read > bytes_read + 2:
                return True
        return False


async def in_child():
    loop = asyncio.get_running_loop()
    fired = loop.create_future()
    loop.call_later(0.01, fired.set_result, 40)
    return await fired + await loop.run_in_executor(None, lambda: 2)


def child():
    signal.alarm(2 * LIMIT_S)
    asyncio.events._set_running_loop(None)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    return 0 if loop.run_until_complete(in_child()) == 42 else 1


async def reaped(pid):
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return status
        await asyncio.sleep(0.002)


async def run(forks):
    parent, wrong = Parent(), 0
    parent.tick()
    asyncio.get_running_loop().add_reader(parent.read_end, parent.read)
    threading.Thread(target=parent.feed, daemon=True).start()
    for _ in range(forks):
        wrong += not await parent.goes_on()
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                status = child()
            finally:
                os._exit(status)
        wrong += await reaped(pid) != 0
    wrong += not await parent.goes_on()
    print(f"wrong={wrong} of={forks}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(run(int(sys.argv[1]) if len(sys.argv) > 1 else 20)))
