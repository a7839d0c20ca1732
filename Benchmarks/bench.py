"""Ours against stock sshd as the relay, in one run, with the same stock clients and the same terminal. See scripts/bench."""

import argparse
import datetime
import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import report
from processes import cpu_seconds, pss_bytes, until
from relays import FIRST_PORT, SSHD, Towline, new_key, run, stop

CIPHERS = {"aes128-gcm": "aes128-gcm@openssh.com", "chacha20": "chacha20-poly1305@openssh.com"}
GIGABYTE = 1 << 30
MANY_FIRST_PORT = 20000


class Bench:
    """One relay with `terminals` known terminals, one member of staff, and the terminals' own sshd behind them."""

    def __init__(self, folder, relay, terminals, options):
        self.folder, self.relay, self.options = folder, relay, options
        self.keys = f"{folder}/keys"
        self.config = f"{folder}/ssh_config-{relay.name}"
        for index in range(terminals):
            relay.add_terminal(f"terminal-{index}", FIRST_PORT + index, self.key(f"terminal-{index}"))
        staff = self.key("staff")
        relay.add_staff("staff", staff)
        self.end = SSHD(f"{folder}/terminal-{relay.name}")
        self.end.add_login(staff)
        self.end.start()
        self.start()

    def start(self):
        """Starts the relay, and tells the clients where it is."""
        relay = self.relay
        relay.start()
        with open(self.config, "w") as file:
            file.write(
                f"Host relay\n  HostName 127.0.0.1\n  Port {relay.port}\n  User {relay.user}\n"
                f"Host localhost\n  User {self.end.user}\n"
                f"Host *\n  IdentityFile {self.keys}/staff\n  IdentitiesOnly yes\n  IdentityAgent none\n  BatchMode yes\n"
                "  StrictHostKeyChecking no\n  UserKnownHostsFile /dev/null\n  GlobalKnownHostsFile /dev/null\n  LogLevel ERROR\n"
            )

    def key(self, name):
        """The public line of a key pair that both relays are given."""
        path = f"{self.keys}/{name}"
        if os.path.exists(path):
            with open(path + ".pub") as file:
                return file.read().strip()
        return new_key(path)

    def close(self):
        self.relay.stop()
        self.end.stop()

    def tunnel(self, index, *options):
        """Starts terminal `index`'s stock client; the caller waits for `granted` and stops it."""
        log = f"{self.folder}/tunnel-{self.relay.name}-{index}.log"
        command = ["ssh", "-F", self.config, "-v", "-E", log, "-N", "-T", "-o", "ExitOnForwardFailure=yes"]
        command += ["-o", "ServerAliveInterval=60", "-o", "LogLevel=DEBUG1", "-i", f"{self.keys}/terminal-{index}", *options]
        # -i adds to the configuration's key: a file of its own order would offer staff's key first.
        command += ["-o", f"IdentityFile={self.keys}/terminal-{index}", "-R", f"{FIRST_PORT + index}:127.0.0.1:{self.end.port}", "relay"]
        if os.path.exists(log):
            os.remove(log)
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        process.log = log
        return process

    @staticmethod
    def granted(process):
        if process.poll() is not None:
            with open(process.log) as file:
                raise RuntimeError("the tunnel ended:\n" + file.read())
        if not os.path.exists(process.log):
            return False
        with open(process.log) as file:
            return "remote forward success" in file.read()

    def hold(self, indices, *options):
        """Tunnels of these terminals, all granted. Started a few at a time, so that none waits past its login time."""
        tunnels = []
        for index in indices:
            tunnels.append(self.tunnel(index, *options))
            if len(tunnels) % 8 == 0:
                until(lambda: all(self.granted(tunnel) for tunnel in tunnels[-8:]), "tunnels up", 120)
        until(lambda: all(self.granted(tunnel) for tunnel in tunnels), "tunnels up", 120)
        return tunnels

    def settled(self):
        """CPU of the relay once it has come to rest: two equal readings in a row (to a millisecond)."""
        last = -1.0
        while True:
            now = cpu_seconds(self.relay.process.pid)
            if abs(now - last) < 0.001:
                return now
            last = now
            time.sleep(0.2)

    def jump(self, *command, cipher=None):
        """`ssh -J` to terminal 0 by its listening port. Options on its line do not reach the jump: the cipher is in a file."""
        config = self.config
        if cipher:
            config = f"{self.config}-{cipher}"
            with open(self.config) as source, open(config, "w") as file:
                file.write(source.read() + f"  Ciphers {cipher}\n")
        return ["ssh", "-F", config, "-J", "relay", "-p", str(FIRST_PORT), "localhost", *command]

    # What is measured. Each returns a plain number; the median of several is the figure.

    def memory_per_tunnel(self, count):
        """Growth of a fresh relay's PSS by `count` idle tunnels, ÷ count. Bytes. Fresh: memory that was freed may be kept for later."""
        self.relay.stop()
        self.start()
        before = pss_bytes(self.relay.process.pid)
        tunnels = self.hold(range(count))
        self.settled()
        after = pss_bytes(self.relay.process.pid)
        for tunnel in tunnels:
            tunnel.terminate()
        for tunnel in tunnels:
            tunnel.wait()
        self.settled()
        return (after - before) / count

    def cpu_per_connect(self, count):
        """Relay CPU for one connection, authentication and forward, and its end. Seconds."""
        before = self.settled()
        for index in range(count):
            tunnels = self.hold([index])
            stop(tunnels[0])
        return (self.settled() - before) / count

    def bridge(self, cipher, size):
        """(relay CPU, wall) in seconds for `size` bytes from staff to the terminal, per GiB, `cipher` on every hop."""
        tunnel = self.hold([0], "-o", f"Ciphers={cipher}")[0]
        try:
            before, started = self.settled(), time.monotonic()
            with subprocess.Popen(["head", "-c", str(size), "/dev/zero"], stdout=subprocess.PIPE) as source:
                received = run(*self.jump("wc -c", cipher=cipher), stdin=source.stdout).strip()
            wall = time.monotonic() - started
            if int(received) != size:
                raise RuntimeError(f"{received} of {size} bytes arrived")
            return (self.settled() - before) * GIGABYTE / size, wall * GIGABYTE / size
        finally:
            stop(tunnel)

    def login(self):
        """Wall seconds of `ssh -J … true`, a tunnel being up."""
        started = time.monotonic()
        run(*self.jump("true"), stdin=subprocess.DEVNULL)
        return time.monotonic() - started


def measure(options, folder):
    """Runs every figure on every relay, interleaved where a figure is sensitive to what else the machine does."""
    os.makedirs(f"{folder}/keys")
    terminals = max(options.tunnels, options.connects)
    benches, figures = {}, {}

    def note(figure, relay, value):
        figures.setdefault(figure, {}).setdefault(relay, []).append(value)
        print(f"  {report.title(figure):<58} {relay:<8} {report.shown(figure, value)}", flush=True)

    if options.only != "towline":
        benches["sshd"] = Bench(folder, SSHD(f"{folder}/relay-sshd"), terminals, options)
    if options.only != "sshd":
        benches["towline"] = Bench(folder, Towline(f"{folder}/relay-towline", options.relay), terminals, options)
    try:
        for round_number in range(options.rounds):
            print(f"round {round_number + 1} of {options.rounds}", flush=True)
            for name, bench in benches.items():
                note("memory_growth_per_tunnel", name, bench.memory_per_tunnel(options.tunnels))
                note("cpu_per_connect", name, bench.cpu_per_connect(options.connects))
                tunnel = bench.hold([0])[0]
                for _ in range(options.logins):
                    note("login_wall", name, bench.login())
                stop(tunnel)
                for cipher, full_name in CIPHERS.items():
                    cpu, wall = bench.bridge(full_name, options.megabytes << 20)
                    note(f"cpu_per_gib_{cipher}", name, cpu)
                    note(f"wall_per_gib_{cipher}", name, wall)
    finally:
        for bench in benches.values():
            bench.close()
    if options.only != "sshd":
        for count in options.many_tunnels:
            for figure, value in many_tunnels(options, folder, count).items():
                note(f"{figure}_of_{count}", "towline", value)
    return figures


def many_tunnels(options, folder, count):
    """Our relay with `count` tunnels of one light client (hold.c): memory, CPU, and how long until all are up."""
    home = f"{folder}/many-{count}"
    os.makedirs(f"{home}/keys")
    hold = f"{folder}/hold"
    if not os.path.exists(hold):
        flags = run("pkg-config", "--cflags", "--libs", "libssh").split()
        run(shutil.which("cc") or "clang", "-O2", "-o", hold, f"{os.path.dirname(os.path.abspath(__file__))}/hold.c", *flags, "-lpthread")
    run(hold, "keys", f"{home}/keys", str(count))
    relay = Towline(f"{home}/relay", options.relay)
    relay.start()
    try:
        for index in range(count):
            relay.command("terminal", "add", f"many-{index}", "--listening-port", str(MANY_FIRST_PORT + index), "--key", f"{home}/keys/{index}.pub")
        pid, before, cpu = relay.process.pid, pss_bytes(relay.process.pid), cpu_seconds(relay.process.pid)
        command = [hold, "tunnels", "127.0.0.1", str(relay.port), relay.user, f"{home}/keys", str(count), str(MANY_FIRST_PORT), "8"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as client:
            word, seconds, lost = client.stdout.readline().split()
            if word != "up" or int(lost) != 0:
                raise RuntimeError(f"{lost} of {count} tunnels did not come up")
            cpu, after = cpu_seconds(pid) - cpu, pss_bytes(pid)
            client.stdin.close()
            alive = int(client.stdout.readline().split()[1])
        if alive != count:
            raise RuntimeError(f"{count - alive} of {count} tunnels ended while they were held")
        return {
            "memory_growth_per_tunnel": (after - before) / count,
            "memory_whole_per_tunnel": after / count,
            "cpu_per_connect": cpu / count,
            "up_wall": float(seconds),
        }
    finally:
        relay.stop()


def machine():
    """What the figures depend on."""
    with open("/proc/cpuinfo") as file:
        model = next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), platform.machine())
    with open("/proc/meminfo") as file:
        memory = int(file.readline().split()[1]) // (1 << 20)
    system = "?"
    if os.path.exists("/etc/debian_version"):
        with open("/etc/debian_version") as file:
            system = "Debian " + file.read().strip()
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "memory_gib": memory,
        "kernel": platform.release(),
        "system": system,
        "load_before": os.getloadavg()[0],
        "root": os.geteuid() == 0,
    }


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--relay", default=".build/release/towline-relay", help="the program to measure")
    parser.add_argument("--only", choices=["sshd", "towline"], help="one relay instead of both; docs/benchmark.md is left alone")
    parser.add_argument("--rounds", type=int, default=5, help="rounds; the median of them is the figure (default 5)")
    parser.add_argument("--tunnels", type=int, default=40, help="idle tunnels held with stock clients, both relays (default 40)")
    parser.add_argument(
        "--many-tunnels", type=int, nargs="*", default=[1000, 10000], help="idle tunnels held by one light client, ours only (default 1000 10000)"
    )
    parser.add_argument("--connects", type=int, default=20, help="connections a round for CPU per connect (default 20)")
    parser.add_argument("--logins", type=int, default=5, help="ssh -J … true a round (default 5)")
    parser.add_argument("--megabytes", type=int, default=1024, help="size of a bridged transfer in MiB (default 1024)")
    parser.add_argument("--output", default="docs", help="folder for benchmark.md and benchmark.json (default docs)")
    options = parser.parse_args()

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    facts = machine()
    folder = tempfile.mkdtemp(prefix="towline-bench-")
    os.chmod(folder, 0o755)  # an unprivileged sshd child reads authorized_keys below it
    try:
        figures = measure(options, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    result = {
        "made": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "machine": facts,
        "versions": {"openssh": SSHD.version(), "swift": run("swift", "--version").splitlines()[0], "towline": Towline.version(None)},
        "options": {key: value for key, value in vars(options).items() if key not in ("output", "relay")},
        "samples": figures,
    }
    print()
    print(report.table(result))
    if options.only is None:
        os.makedirs(options.output, exist_ok=True)
        with open(f"{options.output}/benchmark.json", "w") as file:
            json.dump(result, file, indent=1)
            file.write("\n")
        with open(f"{options.output}/benchmark.md", "w") as file:
            file.write(report.page(result))
        print(f"written: {options.output}/benchmark.md, {options.output}/benchmark.json")


if __name__ == "__main__":
    sys.exit(main())
