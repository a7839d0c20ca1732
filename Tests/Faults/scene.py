"""A relay with one terminal behind a bad line and one beside it, staff, and what staff feel: keystrokes, transfers, logins."""

import hashlib
import json
import os
import subprocess
import threading
import time

from network import CLIENT_LINES, RELAY_ADDRESS, Network, PlacedRelay, PlacedSSHD, inside, new_key, stop, until

FAR_PORT, NEAR_PORT = 41001, 41002


class Scene:
    """`far` is the terminal behind the line, `near` the one beside the relay. Tunnels are stock clients that are started again when they end."""

    def __init__(self, folder, link, program, keepalive=20):
        os.makedirs(f"{folder}/keys")
        self.folder, self.keepalive, self.tunnels, self.parts = folder, keepalive, {}, []
        self.network = Network(link, os.path.basename(folder))
        self.parts.append(self.network.close)
        try:
            self.relay = PlacedRelay(f"{folder}/relay", program, self.network.relay)
            self.relay.add_staff("staff", self.key("staff"))
            self.relay.add_terminals([("far", FAR_PORT, self.key("far")), ("near", NEAR_PORT, self.key("near"))])
            self.ends = {}
            for name, namespace in (("far", self.network.terminal), ("near", self.network.relay)):
                end = self.ends[name] = PlacedSSHD(f"{folder}/end-{name}", namespace)
                end.add_login(self.key("login"))
                end.start()
                self.parts.append(end.stop)
            self.relay.start()
            self.parts.append(self.relay.stop)
            self._configure()
            for name in self.ends:
                self.hold(name)
            for name in self.ends:
                self.await_online(name)
        except BaseException:
            self.close()
            raise

    def close(self):
        for tunnel in self.tunnels.values():
            tunnel.end()
        for part in reversed(self.parts):
            part()

    def key(self, name):
        """The public line of a key pair, made when first asked for."""
        path = f"{self.folder}/keys/{name}"
        if not os.path.exists(path):
            return new_key(path)
        with open(path + ".pub") as file:
            return file.read().strip()

    def _configure(self):
        self.configuration = f"{self.folder}/ssh_config"
        user = self.ends["far"].user
        with open(self.configuration, "w") as file:
            file.write(
                f"Host relay\n  HostName {RELAY_ADDRESS}\n  Port {self.relay.port}\n  User any\n"
                f"Host far near\n  User {user}\n  ProxyJump relay\n  IdentityFile {self.folder}/keys/login\n"
                f"Host *\n  IdentityFile {self.folder}/keys/staff\n{CLIENT_LINES}"
                "  Ciphers aes128-gcm@openssh.com\n"
            )

    # The terminals.

    def hold(self, name, destination=RELAY_ADDRESS, *options):
        namespace = self.network.terminal if name == "far" else self.network.relay
        command = ["ssh", "-F", self.configuration, "-N", "-T", "-o", "ExitOnForwardFailure=yes", "-o", f"IdentityFile={self.folder}/keys/{name}"]
        command += ["-o", f"ServerAliveInterval={self.keepalive}", "-o", "ServerAliveCountMax=3", "-o", "ConnectTimeout=10", *options]
        command += ["-i", f"{self.folder}/keys/{name}", "-p", str(self.relay.port), "-l", name]
        port = FAR_PORT if name == "far" else NEAR_PORT
        command += ["-R", f"{port}:127.0.0.1:{self.ends[name].port}", destination]
        self.tunnels[name] = Held(inside(namespace, *command), f"{self.folder}/{name}.log")

    def states(self):
        return {terminal["name"]: terminal["state"] for terminal in json.loads(self.relay.command("terminal", "list", "--json"))}

    def await_online(self, name, seconds=60):
        until(lambda: self.states()[name] == "online", f"{name} online", seconds)

    def await_offline(self, name, seconds=120):
        until(lambda: self.states()[name] != "online", f"{name} offline", seconds)

    # Staff.

    def ssh(self, *words):
        """Stock ssh of staff, who are where the relay is."""
        return inside(self.network.relay, "ssh", "-F", self.configuration, *words)

    def login(self, name, seconds=60):
        """(whether a login works at the first try, seconds)."""
        started = time.monotonic()
        try:
            done = subprocess.run(self.ssh(name, "echo here"), stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds)
        except subprocess.TimeoutExpired:
            return False, seconds
        return done.stdout == b"here\n", time.monotonic() - started

    def transfer(self, name, size, seconds):
        """(whether `size` random bytes to the terminal and back are the same, seconds)."""
        content, started = os.urandom(size), time.monotonic()
        try:
            done = subprocess.run(self.ssh(name, "cat"), input=content, capture_output=True, timeout=seconds)
        except subprocess.TimeoutExpired:
            return False, seconds
        return hashlib.sha256(done.stdout).digest() == hashlib.sha256(content).digest(), time.monotonic() - started


class Held:
    """A command that is started again when it ends, half a second later, as a supervisor would."""

    def __init__(self, command, log):
        self.command, self.log, self.starts, self.is_wanted = command, log, 0, True
        self.process, self.ended = None, []
        self.thread = threading.Thread(target=self._supervise, daemon=True)
        self.thread.start()

    def _supervise(self):
        while self.is_wanted:
            with open(self.log, "a") as file:
                self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=file, stderr=file)
            self.starts += 1
            self.process.wait()
            self.ended.append(time.monotonic())
            if self.is_wanted:
                time.sleep(0.5)

    def end(self):
        self.is_wanted = False
        if self.process:
            stop(self.process)
        self.thread.join(15)


class Keystrokes:
    """A session in which one key is pressed every `pause` seconds and its echo awaited; `echoes` are their round trips in seconds."""

    def __init__(self, site, name, pause=0.2):
        self.process = subprocess.Popen(site.ssh(name, "cat"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        self.pause, self.echoes, self.is_wanted, self.pressed = pause, [], True, None
        self.thread = threading.Thread(target=self._type, daemon=True)
        self.press()
        self.echoes.clear()  # the first includes the login

    def press(self):
        self.pressed = time.monotonic()
        self.process.stdin.write(b"k")
        echo = self.process.stdout.read(1)
        self.echoes.append(time.monotonic() - self.pressed)
        return echo == b"k"

    def start(self):
        self.thread.start()
        return self

    def _type(self):
        try:
            while self.is_wanted and self.press():
                time.sleep(self.pause)
        except OSError:
            pass

    def waiting(self):
        """How long the key that was pressed last has waited, if its echo is still to come."""
        return time.monotonic() - self.pressed

    def end(self):
        """The echoes, sorted; whether the session lived to the end."""
        self.is_wanted = False
        alive = self.process.poll() is None
        self.thread.join(120)
        self.process.kill()
        self.process.wait()
        return sorted(self.echoes), alive
