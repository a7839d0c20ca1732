"""A flood of strangers (R04), the relay killed under a thousand tunnels, and restarted under fifty sessions (U01). Loopback only; the flood's own processes run when nothing else does."""

import multiprocessing
import os
import re
import signal
import socket
import subprocess
import time

from network import compiled, run
from load import FixedRelay, Sessions, percentile  # Benchmarks/, which network.py has put on the path
from processes import until
from relays import SSH_AUDIT
from swarm import Swarm

HALF_OPEN, FLOODERS = 5000, 10
SECONDS = 20
DRAIN_SECONDS = 15
STAFF_SOURCE = "127.3.0.1"
# Strangers have addresses of their own: behind staff's they would share its places.
SOURCES = [f"127.0.{net}.1" for net in range(2, 12)]


def _yield_to_all():
    """A stranger's processor is not the relay's: here it has what nobody else wants of one core, whose kernel carries its packets."""
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def _connect(port, source):
    peer = socket.socket()
    peer.settimeout(5)
    peer.bind((source, 0))
    peer.connect(("127.0.0.1", port))
    return peer


def hold_half_open(port, count, source, until):
    """Connections that send a line and nothing more, made again when the relay ends them."""
    _yield_to_all()
    peers = []
    while time.monotonic() < until:
        try:
            if len(peers) < count:
                peer = _connect(port, source)
                peer.sendall(b"SSH-2.0-half\r\n")
                peer.setblocking(False)
                peers.append(peer)
                continue
        except OSError:
            pass
        time.sleep(0.05)
        for peer in list(peers):
            try:
                while peer.recv(4096):
                    pass
                peer.close()
                peers.remove(peer)
            except BlockingIOError:
                pass
            except OSError:
                peer.close()
                peers.remove(peer)


def _packet(payload):
    padding = 8 - (len(payload) + 5) % 8
    padding += 8 if padding < 4 else 0
    return (len(payload) + padding + 1).to_bytes(4, "big") + bytes([padding]) + payload + bytes(padding)


def _string(text):
    return len(text).to_bytes(4, "big") + text


def exchange_keys(port, source, until, done):
    """DHEat: key exchanges as fast as they go, each left as soon as the relay has done its part."""
    _yield_to_all()
    lists = [b"curve25519-sha256", b"ssh-ed25519", b"aes128-gcm@openssh.com", b"aes128-gcm@openssh.com", b"", b"", b"none", b"none", b"", b""]
    kexinit = _packet(b"\x14" + os.urandom(16) + b"".join(map(_string, lists)) + bytes(5))
    while time.monotonic() < until:
        try:
            with _connect(port, source) as peer:
                peer.sendall(b"SSH-2.0-heat\r\n" + kexinit + _packet(b"\x1e" + _string(os.urandom(32))))
                came = b""
                while b"ssh-ed25519\x00\x00\x00 " not in came[-1200:]:
                    block = peer.recv(4096)
                    if not block:
                        break
                    came += block
                else:
                    with done.get_lock():
                        done.value += 1
        except OSError:
            time.sleep(0.01)


def _audit(port, log, test):
    """ssh-audit's own flood, until it is killed. It cannot choose its address: 127.0.0.1."""
    return subprocess.Popen(
        ["taskset", "-c", str(max(os.sched_getaffinity(0))), "chrt", "--idle", "0", SSH_AUDIT, "-n", test, "-p", str(port), "127.0.0.1"],
        stdin=subprocess.DEVNULL, stdout=open(log, "w"), stderr=subprocess.STDOUT, start_new_session=True)


def _said(log):
    """What ssh-audit has printed, without its colours."""
    with open(log, errors="replace") as lines:
        return re.sub(r"\x1b\[[\d;]*m", "", lines.read())


def _most(log, figure):
    """The greatest value of a figure that ssh-audit printed again and again."""
    return max((int(value.replace(",", "")) for value in re.findall(figure, _said(log))), default=0)


def _used(sessions):
    """The sessions' echo times while one client after the other logs in, ordered; how long each login took; what a refused one said."""
    sessions.echoes, logins, said, started = [], [], "", time.monotonic()
    while time.monotonic() < started + SECONDS:
        began = time.monotonic()
        done = subprocess.run(["ssh", *sessions.options, "127.0.0.1", "whoami"], stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
        logins.append(time.monotonic() - began if done.returncode == 0 else float("inf"))
        said = done.stderr.decode().strip() or said
        time.sleep(0.2)
    return sorted(sessions.echoes), logins, said


class Flood:
    """ssh-audit's two floods of one relay; and unless `audit_only`, 5,000 half-open connections and ten that exchange keys without end."""

    def __init__(self, port, folder, audit_only=False):
        self._heat, self._processes, self._logs = multiprocessing.Value("i", 0), [], [f"{folder}/{name}-{port}" for name in ("dheat", "rate")]
        tests = f"--dheat={FLOODERS}", "--conn-rate-test=2"
        self._audits = [_audit(port, log, test) for log, test in zip(self._logs, tests)]
        try:
            until(lambda: all("TCP SYNs" in _said(log) for log in self._logs), "ssh-audit's floods", 60)
        except TimeoutError:
            self.end()
            raise
        # Longer than it takes, should nobody end them.
        ended = time.monotonic() + SECONDS + 60
        parts = [] if audit_only else [(hold_half_open, port, HALF_OPEN // len(SOURCES), source, ended) for source in SOURCES]
        parts += [] if audit_only else [(exchange_keys, port, f"127.1.{number}.1", ended, self._heat) for number in range(FLOODERS)]
        self._processes = [multiprocessing.Process(target=part, args=arguments) for part, *arguments in parts]
        for process in self._processes:
            process.start()
        time.sleep(5)
        self.held = len(run("ss", "-Htn", "state", "established", f"( sport = :{port} )").splitlines())

    def end(self):
        for process in self._processes:
            process.terminate()
            process.join()
        for audit in self._audits:
            # With all that it has started.
            os.killpg(audit.pid, signal.SIGKILL)
            audit.wait()
        self._processes, self._audits = [], []

    def seen(self):
        """What it came to, and whether it was one."""
        text = f"{self.held} connections stood, {self._heat.value} key exchanges; {self.audited()}"
        return self._heat.value > 100 and self.held > 1000, text

    def audited(self):
        """What ssh-audit's floods came to."""
        heat, rate = _most(self._logs[0], r"TCP SYNs/sec: ([\d,]+)"), _most(self._logs[1], r"Completed connections: .*?([\d,]+) total")
        return f"ssh-audit: --dheat {heat} a second, its rate test {rate} in all"


def strangers(folder, claim, options):
    """R04. The flood runs on the relay's own cores; what that alone does to an echo shows while the flood is another relay's."""
    folder = f"{folder}/r04"
    os.makedirs(folder)
    swarm_program = compiled(folder, "swarm", "-lcrypto")
    relay, other = (FixedRelay(f"{folder}/{name}", os.path.abspath(options.relay), swarm_program, folder, 20) for name in ("relay", "other"))
    relay.start()
    other.start()
    swarm, sessions, flood = Swarm(swarm_program, relay, folder, 20), None, None
    try:
        swarm.await_up(20, 60)
        # ssh-audit floods from 127.0.0.1.
        sessions = Sessions(folder, relay, [f"swarm-{index}" for index in range(10)], pause=0.05, source=STAFF_SOURCE)
        time.sleep(3)
        calm, _, _ = _used(sessions)
        flood = Flood(relay.port, folder, audit_only=True)
        audited, logins, said = _used(sessions)
        flood.end()
        calm, audited = (percentile(times, 0.99) * 1000 for times in (calm, audited))
        seen = f"{calm:.1f} → {audited:.1f} ms, {sessions.broken} broken; {flood.audited()}"
        claim("R04", "ssh-audit's --dheat and rate test: existing sessions' echo has p99 ≤ 2 × normal", audited <= 2 * calm, seen)
        claim("R04", "and a valid client gets in within 10 s", max(logins) <= 10, f"slowest of {len(logins)}: {max(logins):.2f} s {said}")
        flood = Flood(other.port, folder)
        beside, _, _ = _used(sessions)
        flood.end()
        other.stop()
        flood = Flood(relay.port, folder)
        flooded, logins, said = _used(sessions)
        beside, flooded = (percentile(times, 0.99) * 1000 for times in (beside, flooded))
        flood.end()
        claim("R04", "the flood was one", *flood.seen())
        seen = f"{beside:.1f} → {flooded:.1f} ms ({calm:.1f} without any flood), {sessions.broken} broken"
        claim("R04", "existing sessions' echo has p99 ≤ 2 × that beside a flood of another relay", flooded <= 2 * beside, seen)
        claim("R04", "a valid client gets in within 10 s, each time", max(logins) <= 10, f"slowest of {len(logins)}: {max(logins):.2f} s {said}")
        claim("R04", "no tunnel was lost", swarm.ask("status", 10)[0] == 20)
    finally:
        if flood:
            flood.end()
        if sessions:
            sessions.close()
        swarm.close()
        relay.stop()
        other.stop()


def killed(folder, claim, options):
    """The relay is killed under `--terminals` tunnels and started again."""
    folder = f"{folder}/kill"
    os.makedirs(folder)
    count, swarm_program = options.terminals, compiled(folder, "swarm", "-lcrypto")
    relay = FixedRelay(f"{folder}/relay", os.path.abspath(options.relay), swarm_program, folder, count)
    relay.start()
    swarm = Swarm(swarm_program, relay, folder, count)
    try:
        up, took = swarm.await_up(count, 300)
        claim("KILL", f"{count} tunnels are up", up == count, f"{took:.1f} s")
        relay.kill()
        started = time.monotonic()
        relay.start()
        up, _ = swarm.await_up(count, 300)
        claim("KILL", "all are back after SIGKILL and start", up == count, f"{up} in {time.monotonic() - started:.1f} s")
        time.sleep(2)
        alive, _, refused = swarm.ask("status", 10)
        claim("KILL", "none was refused as taken, none has left again", alive == count and refused == 0, f"{refused:.0f} refused")
    finally:
        swarm.close()
        relay.stop()


def upgraded(folder, claim, options):
    """U01: the relay is restarted, as for an upgrade, while 50 of staff are at work."""
    folder = f"{folder}/u01"
    os.makedirs(folder)
    swarm_program = compiled(folder, "swarm", "-lcrypto")
    relay = FixedRelay(f"{folder}/relay", os.path.abspath(options.relay), swarm_program, folder, 20)
    relay.start("--drain-time", f"{DRAIN_SECONDS}s", "--drain-spread", "5s")
    swarm, sessions = Swarm(swarm_program, relay, folder, 20), None
    try:
        swarm.await_up(20, 60)
        sessions = Sessions(folder, relay, [f"swarm-{index % 20}" for index in range(50)], pause=0.2)
        until(lambda: len(sessions.echoes) > 200, "50 sessions", 60)
        started = time.monotonic()
        relay.process.send_signal(signal.SIGTERM)
        time.sleep(1)
        command = ["ssh", "-o", "LogLevel=INFO", *sessions.options, "-W", "swarm-1:22", "127.0.0.1"]
        new = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)
        claim("U01", "who wants a new session meanwhile is told", "about to restart" in new.stderr, new.stderr.strip()[-100:])
        time.sleep(max(0, started + DRAIN_SECONDS * 0.8 - time.monotonic()))
        echoes = len(sessions.echo_times(1))
        claim("U01", "none of 50 sessions was dropped before the drain time is over", not sessions.broken, f"{sessions.broken} broken, {echoes} echoes in a second")
        status = relay.process.wait(DRAIN_SECONDS + 20)
        took = time.monotonic() - started
        claim("U01", "the relay ends when it is", status == 0 and DRAIN_SECONDS <= took <= DRAIN_SECONDS + 10, f"{took:.1f} s, status {status}")
        relay.start()
        up, took = swarm.await_up(20, 120)
        claim("U01", "all terminals are back after it", up == 20, f"{took:.1f} s")
    finally:
        if sessions:
            sessions.close()
        swarm.close()
        relay.stop()


CASES = {"R04": strangers, "KILL": killed, "U01": upgraded}
