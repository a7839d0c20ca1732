"""A far-away member of staff: a network namespace at the end of a long cable (delay.c). Made and removed here; needs root."""

import os
import shutil
import subprocess

from relays import HERE, SBIN, run

# RFC 2544's addresses for benchmarks: nobody's network, but that of other benchmarks.
RELAY_SIDE, STAFF_SIDE, BOTH = "198.18.0.1", "198.18.0.2", "198.18.0.0/30"
# Packets that wait for the cable; a burst of a whole SSH window must not be lost before it.
QUEUE_PACKETS = 10_000


class FarStaff:
    """While it lasts, commands that begin with `prefix` reach `address` on this machine with half of `seconds` delay each way."""

    address = RELAY_SIDE

    def __init__(self, folder, seconds):
        self.cable = f"{folder}/delay"
        self.each_way = seconds / 2
        self.name = f"towline-bench-{os.getpid()}"
        self.prefix = ["ip", "netns", "exec", self.name]
        run(shutil.which("cc") or "clang", "-O2", "-o", self.cable, f"{HERE}/delay.c")

    @staticmethod
    def possible():
        return os.geteuid() == 0 and os.path.exists("/dev/net/tun")

    def _tool(self, *command):
        return run(*command, env={**os.environ, "PATH": SBIN})

    def __enter__(self):
        if self._tool("ip", "-o", "addr", "show", "to", BOTH):
            raise RuntimeError(f"this machine has an address in {BOTH} already; the benchmark would cut it off")
        near, far = f"tl{os.getpid()}n", f"tl{os.getpid()}f"
        command = [self.cable, near, far, f"{self.each_way * 1000:.0f}"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            if self.process.stdout.readline() != b"ready\n":
                raise RuntimeError("the cable could not be laid")
            self._tool("ip", "netns", "add", self.name)
            self._tool("ip", "link", "set", far, "netns", self.name)
            for prefix, device, own, peer in ([], near, RELAY_SIDE, STAFF_SIDE), (self.prefix, far, STAFF_SIDE, RELAY_SIDE):
                self._tool(*prefix, "ip", "addr", "add", own, "peer", peer, "dev", device)
                self._tool(*prefix, "ip", "link", "set", device, "txqueuelen", str(QUEUE_PACKETS), "up")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.stdin.close()  # the devices go with it
        self.process.wait()
        subprocess.run(["ip", "netns", "del", self.name], env={**os.environ, "PATH": SBIN}, stderr=subprocess.DEVNULL)
