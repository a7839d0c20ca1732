"""Other people's SSH clients against the relay, each as a terminal and as staff. See scripts/interop."""

import argparse
import hashlib
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time

import audit
import page
import tools
from clients import ALL
from stage import KEY_TYPES, Stage, until

MEBIBYTE = 1 << 20
SMALL = 256 << 10
REKEY_BYTES = MEBIBYTE
PARTS = ("terminal", "staff")


class Cell:
    """One thing that was tried: `passed` is True, False, or None for what the client cannot do; `note` says what happened."""

    def __init__(self, client, part, column, what, passed, note="", seconds=0.0):
        self.client, self.part, self.column, self.what = client, part, column, what
        self.passed, self.note, self.seconds = passed, note, seconds


class Trial:
    """Tries one client on a stage."""

    def __init__(self, stage, client, size):
        self.stage, self.client, self.size = stage, client, size
        self.cells = []

    def note(self, part, column, what, passed, note="", seconds=0.0):
        cell = Cell(self.client.name, part, column, what, passed, note, seconds)
        self.cells.append(cell)
        word = {True: "ok", False: "FAILED", None: "cannot"}[passed]
        print(f"  {self.client.name:<12} {part:<8} {column:<10} {what:<34} {word:<6} {seconds:6.1f} s  {note}", flush=True)
        return passed

    def exchange(self, part, settings, key_type="ed25519", size=SMALL, seconds=60):
        """(passed, note, log of the client): `size` random bytes to the terminal's sshd and back are the same bytes."""
        data = os.urandom(size)
        log = f"{self.client.home}/log"
        with open(log, "w") as complaints:
            if part == "terminal":
                status, output, complaint = self._through_terminal(settings, key_type, data, seconds, complaints)
            else:
                proxy = self.client.staff(self.stage, self.stage.key(f"staff-{key_type}"), "steady-0", 22, settings)
                proxy = ["env", f"HOME={self.client.home}", "PYTHONDONTWRITEBYTECODE=1", "sh", "-c", 'exec "$@" 2>>' + log, "sh", *proxy]
                status, output, complaint = self.stage.through(proxy, "cat", data, seconds)
        with open(log, errors="replace") as file:
            text = file.read()
        if status == 0 and hashlib.sha256(output).digest() == hashlib.sha256(data).digest():
            return True, "", text
        last = [line for line in (text + "\n" + complaint).splitlines() if line.strip()][-2:]
        return False, f"status {status}, {len(output)} of {size} bytes: " + " / ".join(last), text

    def _through_terminal(self, settings, key_type, data, seconds, complaints):
        terminal = f"key-{key_type}"
        command = self.client.terminal(self.stage, self.stage.key(f"terminal-{key_type}"), self.stage.ports[terminal], settings)
        until(lambda: not self.stage.is_online(terminal), f"{terminal} offline")
        holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=complaints, stderr=complaints, env=self.client.environment())
        try:
            deadline = time.monotonic() + 20
            while not self.stage.is_online(terminal):
                if holder.poll() is not None or time.monotonic() > deadline:
                    return holder.returncode, b"", "no tunnel came up"
                time.sleep(0.02)
            return self.stage.through(self.stage.stock_proxy(terminal), "cat", data, seconds)
        finally:
            holder.terminate()
            holder.wait()

    def tried(self, part, column, what, settings, **options):
        started = time.monotonic()
        passed, note, log = self.exchange(part, settings, **options)
        self.note(part, column, what, passed, note, time.monotonic() - started)
        return passed, log

    def wrong_key(self, part):
        """A key that the relay does not know: the client ends by itself, with a complaint and not with status 0."""
        key, started = self.stage.key("wrong"), time.monotonic()
        if part == "terminal":
            command = self.client.terminal(self.stage, key, self.stage.ports["key-ed25519"], {})
        else:
            command = self.client.staff(self.stage, key, "steady-0", 22, {})
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=30, env=self.client.environment())
        except subprocess.TimeoutExpired:
            return self.note(part, "wrong key", "refused", False, "still there after 30 s", 30)
        complaint = done.stderr.decode(errors="replace").strip().splitlines()
        passed = done.returncode != 0 and bool(complaint) and not done.stdout.startswith(b"SSH-")
        self.note(part, "wrong key", "refused", passed, complaint[-1][:90] if complaint else "no complaint", time.monotonic() - started)

    def quick(self):
        """The default algorithms, both parts, and a wrong key."""
        if not self._common():
            return
        for part in PARTS:
            self.tried(part, "transfer", "1 MiB each way", {}, size=MEBIBYTE)
            self.wrong_key(part)

    def whole(self):
        common = self._common()
        if not common:
            return
        for part in PARTS:
            for kind, choices in common.items():
                for what, settings in choices:
                    self.tried(part, kind, what, settings)
            for name in KEY_TYPES:
                self.tried(part, "user key", name, {}, key_type=name)
            self.wrong_key(part)
            self.tried(part, "transfer", f"{self.size // MEBIBYTE} MiB each way", {}, size=self.size, seconds=600)
            self._rekeys(part)

    def _rekeys(self, part):
        what = f"every {REKEY_BYTES // MEBIBYTE} MiB of {self.size // MEBIBYTE}"
        if "rekey" not in self.client.choices:
            return self.note(part, "rekeys", what, None, "has no way to ask for it")
        started = time.monotonic()
        passed, note, log = self.exchange(part, {"rekey": REKEY_BYTES}, size=self.size, seconds=600)
        pattern, at_start = self.client.rekey_mark
        rekeys = len(re.findall(pattern, log)) - at_start
        least = self.size // REKEY_BYTES // 2
        if passed and rekeys < least:
            passed, note = False, f"only {rekeys} rekeys"
        self.note(part, "rekeys", what, passed, note or f"{rekeys} rekeys", time.monotonic() - started)

    def _common(self):
        """{kind: [(what, settings)]} of all that both sides have and the client lets one choose; nothing if they cannot meet."""
        ours, client = self.stage.algorithms, self.client
        has = {kind: client.known(kind, names) for kind, names in ours.items() if kind in client.choices}
        ciphers, macs, methods = (has.get(kind, ours[kind]) for kind in ("cipher", "mac", "kex"))
        usable = [name for name in ciphers if macs or not name.endswith("-ctr")]
        for kind, names in has.items():
            lacks = [name for name in ours[kind] if name not in names]
            if lacks:
                self.note("both", kind, ", ".join(lacks), None, client.absence)
        useless = [name for name in ciphers if name not in usable]
        if useless:
            self.note("both", "cipher", ", ".join(useless), None, "has them, but no MAC of the relay's to go with them")
        if not usable or not methods:
            self._cannot_meet()
            return None
        found = {}
        if "kex" in has:
            found["kex"] = [(name, {"kex": name}) for name in methods]
        if "cipher" in has:
            found["cipher"] = [(name, {"cipher": name}) for name in usable]
        if "mac" in has and any(name.endswith("-ctr") for name in usable):
            ctr = [name for name in usable if name.endswith("-ctr")]
            found["mac"] = [(f"{mac} {cipher}", {"mac": mac, "cipher": cipher}) for mac in macs for cipher in ctr]
        return found

    def _cannot_meet(self):
        """Nothing in common: what must hold is that both say so and end."""
        for part in PARTS:
            started = time.monotonic()
            command = self.client.staff(self.stage, self.stage.key("staff-ed25519"), "steady-0", 22, {})
            if part == "terminal":
                port = self.stage.ports["key-ed25519"]
                command = self.client.terminal(self.stage, self.stage.key("terminal-ed25519"), port, {})
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=30, env=self.client.environment())
            complaint = done.stderr.decode(errors="replace").strip()
            note = f"no algorithms in common; it ends with: {complaint}"
            self.note(part, "transfer", "any", None if done.returncode != 0 else False, note, time.monotonic() - started)


def main():
    parser = argparse.ArgumentParser(prog="scripts/interop", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the defaults of each client that is installed, within a minute; writes nothing")
    parser.add_argument("--relay", default=".build/release/towline-relay", help="the program that is tried")
    parser.add_argument("--client", action="append", choices=[kind.name for kind in ALL], help="only this client; repeated; writes nothing")
    parser.add_argument("--megabytes", type=int, default=64, help="size of a transfer each way, in MiB (default 64)")
    parser.add_argument("--output", default="docs/interop.md", help="where the page goes (default docs/interop.md)")
    options = parser.parse_args()

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    started, cells, versions, missing = time.monotonic(), [], {}, []
    folder = tempfile.mkdtemp(prefix="towline-interop-")
    os.chmod(folder, 0o755)  # an unprivileged sshd child reads authorized_keys below it
    try:
        stage = Stage(folder, os.path.abspath(options.relay), ["ed25519"] if options.quick else KEY_TYPES)
        try:
            for kind in ALL:
                if options.client and kind.name not in options.client:
                    continue
                client = kind(folder)
                lacks = client.missing()
                if lacks:
                    missing.append(client.name)
                    print(f"  {client.name:<12} is not tried: {lacks} is missing here (scripts/setup --interop brings it)", flush=True)
                    continue
                versions[client.name] = client.version()
                trial = Trial(stage, client, options.megabytes * MEBIBYTE)
                trial.quick() if options.quick else trial.whole()
                cells += trial.cells
            if not options.client:
                rows = tools.quick(stage) if options.quick else tools.whole(stage)
                cells += [Cell("OpenSSH", "staff", "tools", *row) for row in rows]
                if not options.quick:
                    cells += [Cell("ssh-audit", "both", "audit", *row) for row in audit.run(stage)]
        finally:
            stage.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)

    failed = [cell for cell in cells if cell.passed is False]
    passed = sum(cell.passed is True for cell in cells)
    print(f"\n{passed} passed, {len(failed)} failed, {sum(cell.passed is None for cell in cells)} that a client cannot, "
          f"in {time.monotonic() - started:.0f} s")
    for cell in failed:
        print(f"  FAILED {cell.client} as {cell.part}: {cell.column} {cell.what}: {cell.note}")
    if missing:
        print(f"  not installed: {', '.join(missing)}")
    if not options.quick and not options.client:
        page.write(options.output, cells, versions, missing, ALL, stage.algorithms)
        print(f"written: {options.output}")
    return 1 if failed or not passed or (missing and not options.quick) else 0


if __name__ == "__main__":
    sys.exit(main())
