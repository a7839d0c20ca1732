"""Ten thousand tunnels on one relay: held while staff work, back after a kill, and cut and made for minutes. See scripts/load.

Tunnels are those of swarm.c; staff's sessions are stock ssh. Everything on loopback.
"""

import argparse
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time

from processes import cpu_seconds, pss_bytes, until
from relays import Towline, announced, compiled, free_port, new_key, run
from swarm import FIRST_PORT, Swarm


class FixedRelay(Towline):
    """A relay that has the same port each time it starts; it knows `count` terminals and the swarm's staff."""

    def __init__(self, folder, program, swarm, seed, count):
        super().__init__(folder, program)
        self.port = free_port()
        lines = run(swarm, "keys", seed, str(count + 1)).splitlines()
        self.add_terminals([(f"swarm-{index}", FIRST_PORT + index, lines[index]) for index in range(count)])
        self.add_staff("swarm-staff", lines[count])

    def start(self, *words):
        self.log = open(f"{self.folder}/log", "a")
        command = [self.program, "serve", "--data-dir", self.folder, "--listen", f"{self.address}:{self.port}", *words]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.log)
        announced(self.process, "ready", f"{self.folder}/log")

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))


class Sessions:
    """Staff's sessions: stock `ssh -W` to terminals of the swarm, a byte each and its echo, again and again."""

    def __init__(self, folder, relay, names, pause=0.5, source=None):
        key = f"{folder}/session"
        if not os.path.exists(key):
            relay.add_staff("session", new_key(key))
        options = ["-F", "none", "-i", key, "-p", str(relay.port), "-l", "any", "-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none", "-o", "BatchMode=yes"]
        options += ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "GlobalKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"]
        options += ["-b", source] if source else []
        self.options, self.pause, self.echoes, self.broken, self.is_wanted = options, pause, [], 0, True
        self.sessions = [
            # What they say when they end is known: `broken` counts them.
            subprocess.Popen(
                ["ssh", *options, "-W", f"{name}:22", "127.0.0.1"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0)
            for name in names
        ]
        self.threads = [threading.Thread(target=self._type, args=(session,), daemon=True) for session in self.sessions]
        for thread in self.threads:
            thread.start()

    def _type(self, session):
        while self.is_wanted:
            pressed = time.monotonic()
            try:
                session.stdin.write(b"k")
                echo = session.stdout.read(1)
            except OSError:
                echo = b""
            if echo != b"k":
                self.broken += self.is_wanted
                return
            self.echoes.append(time.monotonic() - pressed)
            time.sleep(self.pause * random.uniform(0.5, 1.5))

    def echo_times(self, seconds):
        """Sorted echo times of the next `seconds`."""
        self.echoes = []
        time.sleep(seconds)
        return sorted(self.echoes)

    def close(self):
        self.is_wanted = False
        for session in self.sessions:
            session.kill()
            session.wait()


def percentile(ordered, share):
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else float("inf")


def hold(relay, swarm, folder, options, figure):
    """All tunnels held while 100 sessions of staff run."""
    cpu = cpu_seconds(relay.process.pid)
    up, took = swarm.await_up(options.terminals, 600)
    figure("tunnels up", f"{up} of {options.terminals} in {took:.1f} s, relay CPU {(cpu_seconds(relay.process.pid) - cpu) / max(up, 1) * 1000:.2f} ms each", up == options.terminals)
    time.sleep(3)
    figure("memory per tunnel (PSS of the whole relay)", f"{pss_bytes(relay.process.pid) / options.terminals / 1024:.2f} KiB")
    count = min(options.sessions, options.terminals)
    sessions = Sessions(folder, relay, [f"swarm-{index * (options.terminals // count)}" for index in range(count)])
    try:
        until(lambda: len(sessions.echoes) >= count, "sessions", 300)
        echoes = sessions.echo_times(20)
        figure(f"{count} staff sessions beside them", f"echo p50 {percentile(echoes, 0.5) * 1000:.2f} ms, p99 {percentile(echoes, 0.99) * 1000:.2f} ms of {len(echoes)}; {sessions.broken} broken", not sessions.broken)
    finally:
        sessions.close()
    status = swarm.ask("status", 10)
    figure("tunnels still up", f"{status[0]:.0f}, refused {status[2]:.0f}", status[0] == options.terminals and not status[2])


def come_back(relay, swarm, folder, options, figure):
    """SIGKILL, start, and all are back."""
    cpu = cpu_seconds(swarm.process.pid)
    relay.kill()
    started = time.monotonic()
    relay.start()
    up, _ = swarm.await_up(options.terminals, 600)
    took = time.monotonic() - started
    spent, own = cpu_seconds(relay.process.pid), cpu_seconds(swarm.process.pid) - cpu
    status = swarm.ask("status", 10)
    figure("back after SIGKILL and start", f"{up} of {options.terminals} in {took:.1f} s; CPU: relay {spent:.1f} s, generator {own:.1f} s; load average {os.getloadavg()[0]:.1f}", up == options.terminals)
    figure("refused as taken", f"{status[2]:.0f}", not status[2])


def churn(relay, swarm, folder, options, figure):
    """Tunnels and sessions come and go; afterwards the relay is as big as before."""
    swarm.ask("churn 10", 40)  # what is allocated once is there before the first reading
    swarm.await_up(options.terminals, 120)
    time.sleep(5)
    before, before_fds = pss_bytes(relay.process.pid), relay.descriptors()
    bridges, broken, cut = swarm.ask(f"churn {options.minutes * 60}", options.minutes * 60 + 60)
    up, _ = swarm.await_up(options.terminals, 120)
    time.sleep(5)
    after, after_fds = pss_bytes(relay.process.pid), relay.descriptors()
    figure(f"churn for {options.minutes:g} min: bridges of 64 KiB", f"{bridges:.0f} whole, {broken:.0f} broken, {cut:.0f} cut on purpose", bridges > 0 and not broken)
    figure("tunnels up after it", f"{up} of {options.terminals}", up == options.terminals)
    figure("descriptors before → after", f"{before_fds} → {after_fds}", after_fds <= before_fds + 4)
    figure("memory before → after (PSS)", f"{before / 2**20:.1f} → {after / 2**20:.1f} MiB", after <= before * 1.05 + (2 << 20))


PARTS = {"hold": hold, "back": come_back, "churn": churn}


def main():
    parser = argparse.ArgumentParser(prog="scripts/load", description=__doc__.splitlines()[0])
    parser.add_argument("--relay", default=".build/release/towline-relay", help="the program that is loaded")
    parser.add_argument("--terminals", type=int, default=10000, help="tunnels (default 10000)")
    parser.add_argument("--sessions", type=int, default=100, help="staff sessions beside them (default 100)")
    parser.add_argument("--staff", type=int, default=20, help="staff at work at a time in the churn (default 20)")
    parser.add_argument("--minutes", type=float, default=10, help="length of the churn (default 10; 1440 is a day's soak)")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), metavar="PART", help=f"of {', '.join(PARTS)}")
    options = parser.parse_args()

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    missed = []

    def figure(what, value, holds=True):
        print(f"  {what:<48} {value}{'' if holds else '   MISSED'}", flush=True)
        if not holds:
            missed.append(what)

    folder = tempfile.mkdtemp(prefix="towline-load-")
    try:
        swarm_program = compiled(folder, "swarm", "-lcrypto")
        relay = FixedRelay(f"{folder}/relay", os.path.abspath(options.relay), swarm_program, folder, options.terminals)
        relay.start()
        try:
            swarm = Swarm(swarm_program, relay, folder, options.terminals, options.staff)
            try:
                swarm.await_up(options.terminals, 600) if "hold" not in options.only else None
                for part in options.only:
                    print(PARTS[part].__doc__, flush=True)
                    PARTS[part](relay, swarm, folder, options, figure)
            finally:
                swarm.close()
        finally:
            relay.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
