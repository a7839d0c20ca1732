"""Starts real programs and waits for what they do: on conditions with a deadline, never for a fixed time."""

import os
import random
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

# Seconds that anything may take before it counts as never coming. Generous: the machine may be busy with other things.
DEADLINE = 60.0
# Seconds between two looks at a condition.
PAUSE = 0.05

# Below Linux's ports for whoever asks for any (net.ipv4.ip_local_port_range).
OWN_PORTS = (12_000, 32_768)

TREE = Path(__file__).resolve().parents[2]


def eventually(what: str | Callable[[], str], condition: Callable[[], object], within: float = DEADLINE):
    """Waits until `condition` returns something true, and returns that. `what` says what was waited for when it does not."""
    deadline = time.monotonic() + within
    while True:
        if found := condition():
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within:.0f} s: {what() if callable(what) else what}")
        time.sleep(PAUSE)


def program(name: str) -> str:
    """The program under test: where TEST_RELAY or TEST_TERMINAL points, or in .build/debug."""
    variable = "TEST_" + name.removeprefix("towline-").upper()
    path = Path(os.environ.get(variable) or TREE / ".build" / "debug" / name).absolute()
    if not os.access(path, os.X_OK):
        raise AssertionError(f"there is no {path}: build it (swift build), or let {variable} point to it")
    return str(path)


def environment() -> dict[str, str]:
    """The environment of every program that is started: `sshd` and `useradd` are found, nothing of the caller's SSH is."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("SSH_", "TOWLINE_"))}
    return own | {"PATH": f"{own.get('PATH', '/usr/bin:/bin')}:/usr/sbin:/sbin", "LC_ALL": "C.UTF-8"}


def run(*words: str, text: str = "", within: float = DEADLINE) -> str:
    """Runs a command that must succeed, with `text` on its standard input; returns its standard output."""
    done = subprocess.run(words, input=text, capture_output=True, text=True, timeout=within, env=environment())
    assert done.returncode == 0, f"{' '.join(words)}: status {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout


def free_port() -> int:
    """A TCP port of loopback that is free now, and that the kernel gives to nobody who asks for any: other tests run beside these."""
    while True:
        port = random.randrange(*OWN_PORTS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


class Program:
    """A program that runs on, with its output in files."""

    def __init__(self, folder: Path, label: str, *words: str, keeps_input_open: bool = False):
        self.label = label
        self._output = folder / f"{label}.out"
        self._errors = folder / f"{label}.err"
        with self._output.open("ab") as output, self._errors.open("ab") as errors:
            self._start = (output.tell(), errors.tell())
            self._process = subprocess.Popen(
                words, stdin=subprocess.PIPE if keeps_input_open else subprocess.DEVNULL, stdout=output, stderr=errors, env=environment())

    @property
    def output(self) -> str:
        """What it has printed since it was started."""
        return self._output.read_bytes()[self._start[0]:].decode(errors="replace")

    @property
    def errors(self) -> str:
        """What it has printed to standard error since it was started."""
        return self._errors.read_bytes()[self._start[1]:].decode(errors="replace")

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def says(self, line: str) -> None:
        """Waits until it has printed `line`."""

        def said() -> bool:
            assert self.is_running, f"{self.label} ended with {self._process.returncode}: {self.output}{self.errors}"
            return line in self.output.splitlines()

        eventually(lambda: f"{self.label} says '{line}': {self.output}{self.errors}", said)

    def ended(self, within: float = DEADLINE) -> int:
        """Waits until it has ended; returns its status."""
        eventually(lambda: f"{self.label} ends: {self.output}{self.errors}", lambda: not self.is_running, within)
        return self._process.returncode

    def end(self) -> None:
        """Tells it to end and waits for that."""
        if self.is_running:
            self._process.terminate()
        if self._process.stdin:
            self._process.stdin.close()
        try:
            self._process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise AssertionError(f"{self.label} did not end by SIGTERM: {self.errors}") from None
