"""Servers under load, on the loopback alone: each turn starts one, measures how much it serves, and stops it."""

import contextlib
import glob
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

from .cases import Case
from .measure import NotMeasured, Throughput

LOAD_SECONDS = 4
START_SECONDS = 30
STOP_SECONDS = 20
BGSAVE_EVERY = 0.2  # seconds
# In memory, where there is room: a disk would decide more than the shim does.
SCRATCH = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None

PYTHON_SERVER = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        body = b"x" * 1000
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""

NGINX = """
daemon off; worker_processes 2; pid {directory}/pid; error_log {directory}/error;
events {{ worker_connections 256; }}
http {{ access_log off; client_body_temp_path {directory}/body; proxy_temp_path {directory}/proxy;
fastcgi_temp_path {directory}/fastcgi; uwsgi_temp_path {directory}/uwsgi; scgi_temp_path {directory}/scgi;
server {{ listen 127.0.0.1:{port}; root {directory}; }} }}
"""


def tool(name, *elsewhere):
    path = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", *elsewhere]))
    if not path:
        raise NotMeasured(f"{name} is not installed")
    return path


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def load(bench, command, **more):
    """What a load generator printed; it runs bare."""
    done = subprocess.run(command, env=bench.bare.environment, capture_output=True, text=True,
                          timeout=LOAD_SECONDS * 10 + 30, check=False, **more)
    if done.returncode != 0:
        raise NotMeasured(f"{os.path.basename(command[0])}: {(done.stderr or done.stdout).strip()[-200:]}")
    return done.stdout


def number_in(pattern, output):
    found = re.search(pattern, output)
    if not found:
        raise NotMeasured(f"no {pattern} in: {output.strip()[-200:]}")
    return float(found.group(1))


@contextlib.contextmanager
def server(side, command, port, **more):
    """In a process group of its own; on entry it accepts connections."""
    process = subprocess.Popen([*side.prefix, *command], env=side.environment, stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, process_group=0, **more)
    try:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError as error:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise NotMeasured(f"{side.name}: {command[0]} does not start") from error
                time.sleep(0.02)
        yield process
        process.send_signal(signal.SIGTERM if "postgres" not in command[0] else signal.SIGINT)
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise NotMeasured(f"{side.name}: {command[0]} does not end") from error
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def save_again_and_again(port, stop):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 5) as connection:
        while not stop.wait(BGSAVE_EVERY):
            connection.sendall(b"BGSAVE\r\n")
            connection.recv(4096)


def redis(bench, side):
    port, benchmark = free_port(), tool("redis-benchmark")
    with tempfile.TemporaryDirectory(prefix="holdstill-bench.", dir=SCRATCH) as directory, \
            server(side, [tool("redis-server"), "--port", str(port), "--bind", "127.0.0.1", "--save", "",
                          "--dir", directory], port):
        common = [benchmark, "-p", str(port), "-r", "100000", "-d", "100", "-c", "20", "-q"]
        load(bench, [*common, "-t", "set", "-n", "100000", "-P", "16"])
        stop = threading.Event()
        saver = threading.Thread(target=save_again_and_again, args=(port, stop))
        saver.start()
        try:
            output = load(bench, [*common, "-t", "set", "-n", str(30000 * LOAD_SECONDS), "--csv"])
        finally:
            stop.set()
            saver.join()
        return 1e9 / number_in(r'"SET","([0-9.]+)"', output)


def postgres(bench, side):
    programs = max(glob.glob("/usr/lib/postgresql/*/bin"), default="")
    initdb, pgbench = tool("initdb", programs), tool("pgbench", programs)
    as_user = {}
    if os.getuid() == 0:
        try:
            as_user = {"user": "postgres", "group": pwd.getpwnam("postgres").pw_gid, "extra_groups": []}
        except KeyError as error:
            raise NotMeasured("there is no user postgres") from error
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="holdstill-bench.", dir=SCRATCH) as directory:
        if as_user:
            shutil.chown(directory, "postgres")
        data = os.path.join(directory, "data")
        load(bench, [initdb, "-D", data, "-U", "bench", "-A", "trust", "--no-sync"], cwd=directory, **as_user)
        to = ["-h", "127.0.0.1", "-p", str(port), "-U", "bench", "postgres"]
        with server(side, [tool("postgres", programs), "-D", data, "-k", directory, "-h", "127.0.0.1",
                           "-p", str(port), "-F"], port, cwd=directory, **as_user):
            for _ in range(100):
                if subprocess.run([tool("pg_isready", programs), "-q", *to[:4]], check=False).returncode == 0:
                    break
                time.sleep(0.1)
            load(bench, [pgbench, "-i", "-q", *to])
            output = load(bench, [pgbench, "-c", "4", "-j", "2", "-T", str(LOAD_SECONDS), *to])
        return 1e9 / number_in(r"tps = ([0-9.]+)", output)


def wrk(bench, port, connections):
    output = load(bench, [tool("wrk"), "-t", "1", "-c", str(connections), "-d", f"{LOAD_SECONDS}s",
                          f"http://127.0.0.1:{port}/index.html"])
    return 1e9 / number_in(r"Requests/sec: +([0-9.]+)", output)


def nginx(bench, side):
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="holdstill-bench.", dir=SCRATCH) as directory:
        os.chmod(directory, 0o755)
        with open(os.path.join(directory, "index.html"), "w") as file:
            file.write("x" * 1000)
        configuration = os.path.join(directory, "conf")
        with open(configuration, "w") as file:
            file.write(NGINX.format(directory=directory, port=port))
        with server(side, [tool("nginx"), "-p", directory, "-c", configuration], port):
            return wrk(bench, port, 16)


def python(bench, side):
    port = free_port()
    with server(side, [os.path.realpath(sys.executable), "-c", PYTHON_SERVER, str(port)], port):
        return wrk(bench, port, 8)


SERVERS = [Case("S11", what, "us", sample, Throughput, 0.99, pairs=11, seconds=180)
           for what, sample in (("redis, SET beside BGSAVE", redis), ("PostgreSQL, pgbench", postgres),
                                ("nginx, wrk", nginx), ("Python, threaded server, wrk", python))]
