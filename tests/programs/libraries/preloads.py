"""Forks while threads allocate memory."""
import os
import subprocess
import threading
bad = 0
def noise():
    while True:
        [bytearray(1 << (i % 16)) for i in range(20)]
for _ in range(3):
    threading.Thread(target=noise, daemon=True).start()
for i in range(30):
    child = os.fork()
    if child == 0:
        bytearray(1 << 20)
        os._exit(0)
    bad += os.waitpid(child, 0)[1] != 0
print("children that failed:", bad)
print(subprocess.run(["sh", "-c", "echo from a shell; exit 4"], capture_output=True))
