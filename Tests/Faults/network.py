"""Two network namespaces with a line between them that can be made bad (Benchmarks/link.c), and what runs inside them."""

import contextlib
import ctypes
import os
import shutil
import subprocess
import sys
import threading

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../Benchmarks"))
from processes import until  # noqa: E402
from relays import CLIENT_LINES, SSHD, Towline, announced, compiled, new_key, run, stop  # noqa: E402

RELAY_ADDRESS, TERMINAL_ADDRESS = "10.9.0.1", "10.9.0.2"
RELAY_ADDRESS_6, TERMINAL_ADDRESS_6 = "fd09::1", "fd09::2"


def why_not():
    """Why namespaces cannot be made here; None if they can."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    if not shutil.which("ip"):
        return "iproute2 is missing (scripts/setup --test brings it)"
    if not os.path.exists("/dev/net/tun"):
        return "this kernel has no /dev/net/tun"
    name = f"tl{os.getpid()}p"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True)
    subprocess.run(["ip", "netns", "del", name], capture_output=True)
    return None if made.returncode == 0 else "no network namespace can be made here: " + made.stderr.strip()


class Network:
    """`relay` and `terminal` are the names of two namespaces; the relay's is where staff are, too. Ends with `close`."""

    def __init__(self, link, name):
        self.relay, self.terminal = (f"tl{os.getpid()}{name}{end}" for end in "rt")
        self.made = []
        try:
            for namespace in (self.relay, self.terminal):
                run("ip", "netns", "add", namespace)
                self.made.append(namespace)
            ends = [self.relay, f"{RELAY_ADDRESS}/24,{RELAY_ADDRESS_6}/64", self.terminal, f"{TERMINAL_ADDRESS}/24,{TERMINAL_ADDRESS_6}/64"]
            self.link = subprocess.Popen([link, *ends], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            assert self.link.stdout.readline() == "ready\n", "the link did not come up"
        except Exception:
            self.close()
            raise

    def line(self, words):
        """Changes the line; see link.c."""
        self.link.stdin.write(words + "\n")
        self.link.stdin.flush()
        assert self.link.stdout.readline() == "done\n", "the link is gone"

    def close(self):
        if hasattr(self, "link"):
            self.link.stdin.close()
            self.link.wait()
        for namespace in self.made:
            subprocess.run(["ip", "netns", "del", namespace])


def inside(namespace, *command):
    """A command line for a namespace; the process that it makes is the command's own."""
    return ["ip", "netns", "exec", namespace, *command]


@contextlib.contextmanager
def within(namespace):
    """This thread, and what it starts, is in a namespace meanwhile."""
    libc = ctypes.CDLL(None, use_errno=True)

    def enter(path):
        with open(path) as file:
            if libc.setns(file.fileno(), 0) != 0:
                raise OSError(ctypes.get_errno(), f"setns {path}")

    with open(f"/proc/self/task/{threading.get_native_id()}/ns/net") as home:
        enter(f"/run/netns/{namespace}")
        try:
            yield
        finally:
            if libc.setns(home.fileno(), 0) != 0:
                raise OSError(ctypes.get_errno(), "setns back")


class PlacedRelay(Towline):
    """The relay in a namespace, at one port of all its addresses."""

    def __init__(self, folder, program, namespace):
        super().__init__(folder, program)
        self.namespace = namespace
        self.port = 2222

    def start(self):
        listen = ["--listen", f"0.0.0.0:{self.port}", "--listen", f"[::]:{self.port}"]
        self.log = open(f"{self.folder}/log", "a")
        with within(self.namespace):
            command = [self.program, "serve", "--data-dir", self.folder, *listen]
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.log)
        announced(self.process, "ready", f"{self.folder}/log")


class PlacedSSHD(SSHD):
    """A terminal's sshd in a namespace."""

    def __init__(self, folder, namespace):
        with within(namespace):
            super().__init__(folder, "MaxSessions 64")
        self.namespace = namespace

    def start(self):
        with within(self.namespace):
            super().start()
