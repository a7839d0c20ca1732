"""The terminal's console: time of a page at the server, memory of the daemon with the console in use, and pages under a flood.

    python3 Benchmarks/console.py [--terminal .build/release/towline-terminal] [--pages 300]

Starts a terminal of its own in a temporary folder, on loopback; writes nothing but what it prints. A page's time is what one client sees on
a connection that is kept open, so the client's own part (some 0.2 ms) is in it; CPU is the daemon's alone.
"""

import argparse
import http.client
import os
import re
import resource
import select
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import urllib.parse

import processes

PASSWORD = "a password of the benchmark"
PAGES = ["/", "/login-users", "/remote-support", "/request", "/system", "/log", "/api/openapi.json"]
STREAMS = 4
SLOW_CONNECTIONS = 2000


class Terminal:
    """A running `towline-terminal serve` and a browser that is signed in to its console."""

    def __init__(self, program):
        self.folder = tempfile.mkdtemp(prefix="towline-console-")
        os.chmod(self.folder, 0o755)  # the unprivileged half of the terminal has to get through
        self.process = subprocess.Popen(
            [program, "serve", "--data-dir", f"{self.folder}/data", "--console", "127.0.0.1:0"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self.cookie = ""
        text = self._introduction()
        self.host, self.port = "127.0.0.1", int(re.search(r"http://127\.0\.0\.1:(\d+)/", text)[1])
        self.code = re.search(r"setup code +(\S+)", text)[1]

    def _introduction(self):
        text, end = "", time.monotonic() + 30
        while "setup code" not in text or not text.endswith("\n"):
            ready, _, _ = select.select([self.process.stdout], [], [], max(0, end - time.monotonic()))
            # Not through a buffer: select does not see what waits in one.
            came = os.read(self.process.stdout.fileno(), 4096) if ready else b""
            if not came:
                raise SystemExit(f"the terminal did not start:\n{text}")
            text += came.decode()
        # What it logs later must not fill the pipe.
        threading.Thread(target=self.process.stdout.read, daemon=True).start()
        return text

    def connect(self, source="127.0.0.1"):
        return http.client.HTTPConnection(self.host, self.port, timeout=30, source_address=(source, 0))

    def ask(self, connection, method, path, fields=None):
        """Status and body; keeps the cookies."""
        headers = {"Cookie": self.cookie, "Accept": "text/html"}
        body = None
        if fields is not None:
            body = urllib.parse.urlencode(fields)
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"http://{self.host}:{self.port}"}
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        cookies = dict(part.split("=", 1) for part in self.cookie.split("; ") if part)
        for value in answer.headers.get_all("Set-Cookie") or []:
            name, rest = value.split("=", 1)
            cookies[name] = rest.split(";")[0]
        self.cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
        return answer.status, content

    def memory(self):
        """Resident memory of each process of the daemon, in bytes: the broker's and the agent's, which has the console."""
        sizes = []
        for pid in processes.tree(self.process.pid):
            with open(f"/proc/{pid}/status") as file:
                sizes.append(next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmRSS:")))
        return sizes

    def close(self):
        self.process.terminate()
        self.process.wait(20)
        shutil.rmtree(self.folder)


def spread(samples):
    """Median, 99th percentile and maximum, in milliseconds."""
    ordered = sorted(samples)
    middle, late = (ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000 for share in (0.5, 0.99))
    return f"median {middle:6.2f} ms   p99 {late:6.2f} ms   most {ordered[-1] * 1000:6.2f} ms"


def megabytes(sizes):
    return ", ".join(f"{size / 1e6:.1f} MB" for size in sizes)


def pages(terminal, count):
    connection = terminal.connect()
    for path in PAGES:
        samples, size = [], 0
        used = processes.cpu_seconds(terminal.process.pid)
        for _ in range(count):
            begun = time.perf_counter()
            status, content = terminal.ask(connection, "GET", path)
            samples.append(time.perf_counter() - begun)
            assert status == 200, f"{path}: {status}"
            size = len(content)
        used = (processes.cpu_seconds(terminal.process.pid) - used) / count * 1000
        print(f"  {path:<20} {size / 1024:5.1f} KiB   {spread(samples)}   CPU {used:5.2f} ms")
    connection.close()


def streams(terminal):
    held = []
    for _ in range(STREAMS):
        stream = socket.create_connection((terminal.host, terminal.port), 30)
        stream.sendall(f"GET /events HTTP/1.1\r\nHost: {terminal.host}\r\nCookie: {terminal.cookie}\r\n\r\n".encode())
        assert b" 200 " in stream.recv(4096)
        held.append(stream)
    return held


def fresh(terminal, count, before=lambda: None):
    """Pages on a connection of their own each, from an address that has no others."""
    samples = []
    for _ in range(count):
        before()
        connection = terminal.connect("127.0.0.77")
        begun = time.perf_counter()
        status, _ = terminal.ask(connection, "GET", "/")
        samples.append(time.perf_counter() - begun)
        connection.close()
        assert status == 200, f"/: {status}"
    return samples


def flood(terminal, count):
    """Pages while thousands of connections send a byte of a header now and then (SECURITY.md W08)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, SLOW_CONNECTIONS + 200), hard))
    slow = []
    for number in range(SLOW_CONNECTIONS):
        one = socket.socket()
        one.bind((f"127.0.{1 + number // 200}.{1 + number % 200}", 0))
        one.connect((terminal.host, terminal.port))
        one.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nA: ")
        slow.append(one)

    def trickle():
        for one in slow[:: len(slow) // 50]:
            try:
                one.sendall(b"a")
            except OSError:
                pass  # it was hung up on, as it should be

    samples = fresh(terminal, count, trickle)
    for one in slow:
        one.close()
    return samples


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--terminal", default=".build/release/towline-terminal")
    parser.add_argument("--pages", type=int, default=300)
    options = parser.parse_args()
    if not os.access(options.terminal, os.X_OK):
        raise SystemExit(f"{options.terminal} is missing: swift build -c release --static-swift-stdlib --product towline-terminal")
    terminal = Terminal(options.terminal)
    try:
        before = terminal.memory()
        connection = terminal.connect()
        status, _ = terminal.ask(connection, "POST", "/set-up", {"code": terminal.code, "new_password": PASSWORD, "repeat_password": PASSWORD})
        assert status == 303, f"set-up: {status}"
        print(f"pages, {options.pages} times each on one connection:")
        pages(terminal, options.pages)
        samples = []
        for _ in range(10):
            begun = time.perf_counter()
            status, _ = terminal.ask(connection, "POST", "/sign-in", {"password": PASSWORD})
            samples.append(time.perf_counter() - begun)
            assert status == 303, f"sign-in: {status}"
        print(f"sign-in (argon2id, 64 MiB):   {spread(samples)}")
        held = streams(terminal)
        after = terminal.memory()
        print(f"resident memory of each process, before: {megabytes(before)}; in use, {STREAMS} streams open: {megabytes(after)}")
        for stream in held:
            stream.close()
        print(f"a page on a new connection, alone: {spread(fresh(terminal, options.pages))}")
        print(f"  among {SLOW_CONNECTIONS:,} slow ones:           {spread(flood(terminal, options.pages))}")
    finally:
        terminal.close()


if __name__ == "__main__":
    main()
