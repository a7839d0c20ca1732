"""A far-away member of staff: a network namespace at the end of a long line (link.c). Made and removed here; needs root."""

import os
import subprocess

from relays import SBIN, compiled, run

# RFC 2544's addresses for benchmarks: nobody's network, but that of other benchmarks.
RELAY_SIDE, STAFF_SIDE, BOTH = "198.18.0.1", "198.18.0.2", "198.18.0.0/30"
# Packets that wait for the line; a burst of a whole SSH window must not be lost before it.
QUEUE_PACKETS = 10_000


class FarStaff:
    """While it lasts, commands that begin with `prefix` reach `address` on this machine with half of `seconds` delay each way."""

    address = RELAY_SIDE

    def __init__(self, folder, seconds):
        self.each_way = seconds / 2
        self.name = f"towline-bench-{os.getpid()}"
        self.prefix = ["ip", "netns", "exec", self.name]
        self.link = compiled(folder, "link")

    @staticmethod
    def possible():
        return os.geteuid() == 0 and os.path.exists("/dev/net/tun")

    def _tool(self, *command):
        return run(*command, env={**os.environ, "PATH": SBIN})

    def __enter__(self):
        if self._tool("ip", "-o", "addr", "show", "to", BOTH):
            raise RuntimeError(f"this machine has an address in {BOTH} already; the benchmark would cut it off")
        self._tool("ip", "netns", "add", self.name)
        command = [self.link, "-", f"{RELAY_SIDE}/30", self.name, f"{STAFF_SIDE}/30"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "PATH": SBIN})
        try:
            self._expect("ready")
            for prefix in [], self.prefix:
                self._tool(*prefix, "ip", "link", "set", "wire", "txqueuelen", str(QUEUE_PACKETS))
            self.process.stdin.write(f"delay {self.each_way * 1000:.0f} 0\n")
            self.process.stdin.flush()
            self._expect("done")
        except BaseException:
            self.__exit__()
            raise
        return self

    def _expect(self, word):
        if self.process.stdout.readline() != word + "\n":
            raise RuntimeError("the line could not be laid")

    def __exit__(self, *_):
        self.process.stdin.close()  # the devices go with it
        self.process.wait()
        subprocess.run(["ip", "netns", "del", self.name], env={**os.environ, "PATH": SBIN}, stderr=subprocess.DEVNULL)
