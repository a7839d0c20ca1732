"""Bad networks, a stopped relay, a flood: what stands and comes back. See scripts/faults."""

import argparse
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

import flood
from network import RELAY_ADDRESS_6, compiled, inside, run, until, why_not
from load import percentile  # Benchmarks/, which network.py has put on the path
from scene import Keystrokes, Scene

# A terminal's keepalive: what the agent gives its ssh (TerminalCore's TunnelClientArguments). Gone after at most four of them.
TERMINAL_KEEPALIVE = 20


class Claims:
    """What a scenario found, printed as it comes. `missed` counts those that do not hold."""

    def __init__(self):
        self.made, self.missed = 0, 0
        self.lock = threading.Lock()

    def __call__(self, case, claim, holds, figure=""):
        with self.lock:
            self.made += 1
            self.missed += not holds
            print(f"  {case:<4} {claim:<74} {'ok' if holds else 'FAILED':<6}  {figure}", flush=True)


def partition(scene, claim, options):
    """N01: everything is lost, and nobody is told."""
    line = scene.network.line
    keys = Keystrokes(scene, "far").start()
    ended, fallen = len(scene.tunnels["far"].ended), time.monotonic()
    line("down")
    scene.await_offline("far", 120)
    relay_knows = time.monotonic() - fallen
    until(lambda: len(scene.tunnels["far"].ended) > ended, "the terminal knows", 120)
    terminal_knows = scene.tunnels["far"].ended[ended] - fallen
    claim("N01", "silent partition: the relay shows the terminal offline within 90 s", relay_knows <= 90, f"{relay_knows:.0f} s")
    claim("N01", "silent partition: the terminal's client ends within 90 s", terminal_knows <= 90, f"{terminal_knows:.0f} s")
    claim("N01", "the terminal beside it is online all the time", scene.states()["near"] == "online")
    if options.full:
        time.sleep(max(0, 300 - (time.monotonic() - fallen)))
    line("up")
    healed = time.monotonic()
    scene.await_online("far", 90)
    back = time.monotonic() - healed
    claim("N01", "the terminal is back within 60 s after the line", back <= 60, f"{back:.1f} s")
    worked, took = scene.login("far")
    claim("N01", "staff's first try then works", worked, f"{took:.1f} s")
    keys.end()


def nat_forgets(scene, claim, options):
    """N02: a NAT between terminal and relay forgets the connection again and again."""
    # The terminal's own namespace does it: what comes for a connection that is not in its table is dropped, as a NAT would.
    terminal = scene.network.terminal
    rules = "add table ip nat; add chain ip nat in { type filter hook prerouting priority 0; }; add rule ip nat in iif wire ct state established accept; "
    rules += "add rule ip nat in iif wire tcp flags & (syn | ack) == ack drop; add rule ip nat in iif wire tcp flags & rst != 0 drop"
    run(*inside(terminal, "nft", rules))
    run(*inside(terminal, "sysctl", "-q", "net.netfilter.nf_conntrack_tcp_loose=1"))
    pause, times = (240, 3) if options.full else (15, 5)
    keys = Keystrokes(scene, "far", pause=1.0).start()
    starts, dropped = scene.tunnels["far"].starts, 0
    for _ in range(times):
        time.sleep(pause)
        done = subprocess.run(inside(terminal, "conntrack", "-D", "-p", "tcp"), capture_output=True, text=True)
        dropped += "have been deleted" in done.stderr and "0 flow" not in done.stderr
    time.sleep(pause)
    echoes, alive = keys.end()
    claim("N02", "the NAT forgot the connection", dropped == times, f"{dropped} times, every {pause} s")
    claim("N02", "the session lives on", alive and len(echoes) > pause, f"{len(echoes)} keystrokes, slowest echo {echoes[-1]:.1f} s")
    claim("N02", "the tunnel is the same one all the time", scene.tunnels["far"].starts == starts and scene.states()["far"] == "online")


def bad_line(scene, claim, options):
    """N03: loss, long and varying delay, wrong order."""
    for words in ("delay 150 50", "loss 50", "reorder 10"):
        scene.network.line(words)
    seconds, size = (3600, 100 << 20) if options.full else (150, 1 << 20)
    ended = time.monotonic() + seconds
    keys = Keystrokes(scene, "far", pause=0.5).start()
    same, took = scene.transfer("far", size, seconds * 2)
    time.sleep(max(0, ended - time.monotonic()))
    echoes, alive = keys.end()
    figure = f"{len(echoes)} keystrokes, echo median {percentile(echoes, 0.5):.2f} s, p95 {percentile(echoes, 0.95):.2f} s"
    claim("N03", f"5 % lost, 300 ms ± 100, 1 % out of order: a session lives for {seconds} s", alive and len(echoes) > seconds / 4, figure)
    claim("N03", f"{size >> 20} MiB there and back meanwhile are the same", same, f"{took:.0f} s")


def black_hole(scene, claim, options):
    """N05: the relay's name has an IPv6 address that nothing comes back from."""
    scene.network.line("no-ipv6")
    folder = f"/etc/netns/{scene.network.terminal}"
    os.makedirs(folder)
    try:
        with open(f"{folder}/hosts", "w") as file:
            file.write(f"127.0.0.1 localhost\n{RELAY_ADDRESS_6} relay.test\n10.9.0.1 relay.test\n")
        scene.tunnels["far"].end()
        scene.await_offline("far")
        started = time.monotonic()
        scene.hold("far", "relay.test")
        scene.await_online("far", 60)
        took = time.monotonic() - started
        claim("N05", "IPv6 black hole: the terminal is online by the other family within 15 s", took <= 15, f"{took:.1f} s")
    finally:
        shutil.rmtree(folder)


def slow_line(scene, claim, options):
    """N07: 64 kbit/s, a bulk transfer and a shell in one tunnel."""
    seconds = 120 if options.full else 45
    keys, beside = Keystrokes(scene, "far"), Keystrokes(scene, "near")
    # Half a second's worth in the bottleneck's own queue, which nobody but the line can shorten.
    for words in ("delay 20 0", "rate 64000 4000"):
        scene.network.line(words)
    keys.start(), beside.start()
    time.sleep(5)
    before = percentile(sorted(beside.echoes), 0.95)
    bulk = subprocess.Popen(scene.ssh("far", "cat >/dev/null"), stdin=open("/dev/zero"), stderr=subprocess.DEVNULL)
    time.sleep(5)
    keys.echoes.clear(), beside.echoes.clear()
    time.sleep(seconds)
    waiting = keys.waiting()
    far, near = sorted(keys.echoes + [waiting]), sorted(beside.echoes)
    bulk.kill(), bulk.wait()
    p95, near_p95 = percentile(far, 0.95), percentile(near, 0.95)
    claim("N07", "64 kbit/s, staff send in bulk: a keystroke's echo beside it has p95 ≤ 1.5 s", p95 <= 1.5, f"p95 {p95:.2f} s, median {percentile(far, 0.5):.2f} s of {len(far)}")
    claim("N07", "echo of another tunnel is what it was", near_p95 <= max(2 * before, 0.05), f"p95 {before * 1000:.1f} → {near_p95 * 1000:.1f} ms")
    keys.end(), beside.end()


def stopped_relay(scene, claim, options):
    """X02: the relay stands still for two minutes (a stopped process, a suspended machine), then goes on."""
    pid = scene.relay.process.pid
    os.kill(pid, signal.SIGSTOP)
    try:
        time.sleep(120)
    finally:
        os.kill(pid, signal.SIGCONT)
    woken = time.monotonic()
    for name in ("far", "near"):
        until(lambda: scene.states()[name] == "online" and scene.login(name, 10)[0], f"{name} reachable", 60)
    back = time.monotonic() - woken
    claim("X02", "stopped for 120 s: both terminals are reachable within 60 s after", back <= 60, f"{back:.1f} s")
    time.sleep(30)
    with open(f"{scene.relay.folder}/log") as file:
        cloned = [line for line in file if "clone" in line]
    claim("X02", "each is there once: nobody was taken for a clone", not cloned, cloned[-1].strip()[:100] if cloned else "")
    worked = [scene.login(name)[0] for name in ("far", "near")]
    claim("X02", "logins work at the first try", all(worked))


# Those that only wait run at the same time; those that measure run alone.
WAITING = {"N01": (partition, TERMINAL_KEEPALIVE), "N02": (nat_forgets, 5), "N03": (bad_line, 20), "N05": (black_hole, 20), "X02": (stopped_relay, 20)}
MEASURING = {"N07": (slow_line, 20)}


def play(case, scenario, keepalive, link, folder, claim, options):
    try:
        scene = Scene(f"{folder}/{case.lower()}", link, os.path.abspath(options.relay), keepalive)
        try:
            scenario(scene, claim, options)
        finally:
            scene.close()
    except (AssertionError, OSError, RuntimeError, TimeoutError) as error:
        claim(case, (scenario.__doc__ or "").split("\n")[0], False, f"{type(error).__name__}: {error}"[:300])


def main():
    parser = argparse.ArgumentParser(prog="scripts/faults", description=__doc__)
    cases = [*WAITING, *MEASURING, *flood.CASES]
    parser.add_argument("--relay", default=".build/release/towline-relay", help="the program that is tried")
    parser.add_argument("--only", nargs="+", choices=cases, default=cases, metavar="CASE", help=f"of {', '.join(cases)}")
    parser.add_argument("--full", action="store_true", help="the whole times and sizes of SECURITY.md: more than an hour")
    parser.add_argument("--terminals", type=int, default=1000, help="tunnels that come back after a SIGKILL (default 1000)")
    options = parser.parse_args()

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    claim, reason = Claims(), why_not()
    folder = tempfile.mkdtemp(prefix="towline-faults-")
    os.chmod(folder, 0o755)  # an unprivileged sshd child reads authorized_keys below it
    try:
        if reason and any(case in options.only for case in (*WAITING, *MEASURING)):
            print(f"  The cases of bad networks are left out: {reason}.")
        else:
            link = compiled(folder, "link")
            chosen = [(case, *what) for case, what in WAITING.items() if case in options.only]
            players = [threading.Thread(target=play, args=(*what, link, folder, claim, options)) for what in chosen]
            for player in players:
                player.start()
            for player in players:
                player.join()
            for case, what in MEASURING.items():
                if case in options.only:
                    play(case, *what, link, folder, claim, options)
        for case, scenario in flood.CASES.items():
            if case in options.only:
                scenario(folder, claim, options)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"\n{claim.made - claim.missed} of {claim.made} hold")
    return 1 if claim.missed or not claim.made else 0


if __name__ == "__main__":
    sys.exit(main())
