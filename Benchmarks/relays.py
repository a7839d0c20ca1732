"""The relays that are measured. Each starts on a port of its own with the same keys and is told apart by nothing else."""

import concurrent.futures
import json
import os
import pwd
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import time

from processes import until

HERE = os.path.dirname(os.path.abspath(__file__))
# Below the kernel's range for outgoing connections (32768…): sshd opens real sockets for them.
FIRST_PORT = 31001
# What every stock client of a run is told: its own keys, nothing of this machine's, and no question.
CLIENT_LINES = (
    "  IdentitiesOnly yes\n  IdentityAgent none\n  BatchMode yes\n"
    "  StrictHostKeyChecking no\n  UserKnownHostsFile /dev/null\n  GlobalKnownHostsFile /dev/null\n  LogLevel ERROR\n"
)
# Debian 12's is too old: scripts/interop and scripts/faults bring this one.
SSH_AUDIT = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), ".build/python/interop/bin/ssh-audit")
SBIN = "/usr/sbin:/sbin:" + os.environ["PATH"]


def run(*command, **options):
    """Runs a command that must succeed; its output is shown only when it does not."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}\n{done.stdout}")
    return done.stdout


def compiled(folder, name, *flags):
    """The program of NAME.c beside this file, compiled into `folder`."""
    program = f"{folder}/{name}"
    warnings = ["-Wall", "-Wextra", "-Werror"]
    run(shutil.which("cc") or "clang", "-O2", *warnings, "-D_GNU_SOURCE", "-o", program, f"{HERE}/{name}.c", *flags)
    return program


def free_port(address="127.0.0.1"):
    """A port of `address` that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((address, 0))
        return probe.getsockname()[1]


def listens(address, port):
    """Whether something accepts connections there."""
    with socket.socket() as probe:
        return probe.connect_ex((address, port)) == 0


def new_key(path):
    """A new Ed25519 key pair in `path`; returns its public line."""
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", os.path.basename(path), "-f", path)
    with open(path + ".pub") as file:
        return file.read().strip()


def stop(process):
    """Ends one process that we started, and waits for it."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def announced(process, wanted, log):
    """The port of the line "listening on …" of a process that starts; returns when a line begins with `wanted`."""
    deadline, text = time.monotonic() + 30, ""
    # Not readline: it may hold back a line that came together with another, and select knows only the pipe.
    while select.select([process.stdout], [], [], max(0, deadline - time.monotonic()))[0]:
        some = os.read(process.stdout.fileno(), 4096).decode()
        if not some:
            raise RuntimeError(f"the relay ended; see {log}")
        text += some
        lines = text.split("\n")[:-1]
        if any(line.startswith(wanted) for line in lines):
            return next(int(line.rsplit(":", 1)[1]) for line in lines if line.startswith("listening on "))
    raise TimeoutError("the relay does not listen")


class SSHD:
    """Stock OpenSSH: on the relay, or as the terminal's own server behind every tunnel."""

    name = "sshd"
    # Not stock: ours is asked the same, and a benchmark that waits for a refused client measures nothing.
    STARTUPS = "MaxStartups 1000\nPerSourceMaxStartups none"

    def __init__(self, folder, *lines, address="127.0.0.1", startups=STARTUPS):
        self.folder = folder
        self.lines = [startups, *lines]
        self.address = address
        self.port = free_port(address)
        # As root, terminals log in as an account without rights, as on a real relay: sshd then keeps two processes a
        # connection. An ordinary user's sshd can only serve that user, with one.
        self.user = "nobody" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        self.keys = []

    @staticmethod
    def version():
        return subprocess.run(["ssh", "-V"], stderr=subprocess.PIPE, text=True).stderr.strip()

    def add_terminals(self, terminals):
        self.keys += [f'restrict,port-forwarding,permitlisten="localhost:{port}" {line}' for _, port, line in terminals]

    def add_staff(self, _, public_line):
        self.keys.append(f"restrict,port-forwarding {public_line}")

    def add_login(self, public_line):
        self.user = pwd.getpwuid(os.geteuid()).pw_name
        self.keys.append(public_line)

    def start(self):
        if not os.path.exists(self.folder):
            os.makedirs(self.folder, mode=0o755)
            new_key(f"{self.folder}/host")
        if os.geteuid() == 0:
            os.makedirs("/run/sshd", mode=0o755, exist_ok=True)
        with open(f"{self.folder}/authorized_keys", "w") as file:
            file.write("\n".join(self.keys) + "\n")
        with open(f"{self.folder}/config", "w") as file:
            file.write(
                f"ListenAddress {self.address}:{self.port}\nHostKey {self.folder}/host\nPidFile none\nUsePAM no\n"
                f"AuthorizedKeysFile {self.folder}/authorized_keys\nStrictModes no\nPermitRootLogin prohibit-password\n"
                "PasswordAuthentication no\nKbdInteractiveAuthentication no\nLogLevel ERROR\nPrintMotd no\n" + "\n".join(self.lines) + "\n"
            )
        self.log = open(f"{self.folder}/log", "w")
        command = [shutil.which("sshd", path=SBIN), "-D", "-e", "-f", f"{self.folder}/config"]
        # Below a reaper: a connection's child outlives its monitor, and its CPU time must not be lost.
        reaper = [sys.executable, f"{HERE}/reaper.py"]
        self.process = subprocess.Popen(reaper + command, stdin=subprocess.DEVNULL, stderr=self.log)
        until(lambda: listens(self.address, self.port), "sshd listens")

    def stop(self):
        stop(self.process)

    # What a SIGKILL of the relay is elsewhere: its listener ends, and a process per connection is left. Not measured.
    kill = stop


class Towline:
    """Ours."""

    name = "towline"
    user = "terminal"

    def __init__(self, folder, program, address="127.0.0.1"):
        self.folder = folder
        self.program = program
        self.address = address
        run(program, "init", "--data-dir", folder, "--hostname", "relay.test")

    @staticmethod
    def version():
        return run("git", "describe", "--always", "--dirty", cwd=HERE).strip()

    def command(self, *arguments):
        return run(self.program, *arguments, "--data-dir", self.folder)

    def add_terminals(self, terminals):
        """All of (name, port, public line), by a relay that runs for that in memory: each is durable before it is acknowledged, and ten
        thousand waits for the disk take minutes. Then the folder is where it belongs."""
        home = self.folder
        with tempfile.TemporaryDirectory(dir="/dev/shm") as memory:
            self.folder = shutil.move(home, f"{memory}/relay")
            self.start()
            with concurrent.futures.ThreadPoolExecutor(8) as several:
                list(several.map(self._add_terminal, terminals))
            self.stop()
            self.folder = shutil.move(self.folder, home)

    def _add_terminal(self, terminal):
        """What `towline-relay terminal add` says to the running relay; ten thousand starts of that program would only take time."""
        name, port, public_line = terminal
        words = ["terminal", "add", name, "--listening-port", str(port), "--key", "-"]
        with socket.socket(socket.AF_UNIX) as control:
            control.connect(f"{self.folder}/control.sock")
            control.sendall(json.dumps({"arguments": words, "standardInput": list(public_line.encode() + b"\n")}).encode())
            control.shutdown(socket.SHUT_WR)
            with control.makefile("rb") as answer:
                reply = json.load(answer)
        if reply["status"] != 0:
            raise RuntimeError(f"{' '.join(words)}: {reply}")

    def add_staff(self, name, public_line):
        key = f"{self.folder}/{name}.key"
        with open(key, "w") as file:
            file.write(public_line + "\n")
        self.command("staff", "add", name, "--key", key, "--role", "admin")

    def start(self):
        self.log = open(f"{self.folder}/log", "w")
        command = [self.program, "serve", "--data-dir", self.folder, "--listen", f"{self.address}:0"]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.log)
        self.port = announced(self.process, "ready", f"{self.folder}/log")

    def stop(self):
        stop(self.process)

    def kill(self):
        self.process.kill()
        self.process.wait()


class GoRelay:
    """A minimal relay on Go's x/crypto/ssh (gorelay/main.go), built with Debian's packages, offline."""

    name = "go"
    user = "terminal"
    address = "127.0.0.1"

    def __init__(self, folder):
        self.folder = folder
        os.makedirs(folder)
        new_key(f"{folder}/host")
        self.lines = []
        environment = {**os.environ, "GO111MODULE": "off", "GOFLAGS": "", "GOPATH": "/usr/share/gocode", "GOCACHE": f"{folder}/cache"}
        run("go", "build", "-o", f"{folder}/gorelay", ".", cwd=f"{HERE}/gorelay", env=environment)
        shutil.rmtree(f"{folder}/cache")

    @staticmethod
    def version():
        library = run("dpkg-query", "-W", "-f", "${Version}", "golang-golang-x-crypto-dev")
        return f"{run('go', 'version').split()[2]}, x/crypto {library}"

    def add_terminals(self, terminals):
        self.lines += [f"terminal {port} {line}" for _, port, line in terminals]

    def add_staff(self, _, public_line):
        self.lines.append(f"staff - {public_line}")

    def start(self):
        with open(f"{self.folder}/authorized", "w") as file:
            file.write("\n".join(self.lines) + "\n")
        self.log = open(f"{self.folder}/log", "w")
        command = [f"{self.folder}/gorelay", f"{self.folder}/host", f"{self.folder}/authorized"]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.log)
        self.port = announced(self.process, "listening", f"{self.folder}/log")

    def stop(self):
        stop(self.process)

    def kill(self):
        self.process.kill()
        self.process.wait()


class HAProxy:
    """The floor for moving bytes: TCP mode, spliced in the kernel, straight to the terminal's sshd. It knows no SSH and no tunnels."""

    name = "haproxy"

    def __init__(self, folder, target):
        self.folder = folder
        self.port = free_port()
        os.makedirs(folder)
        with open(f"{folder}/haproxy.cfg", "w") as file:
            file.write(
                "global\n  maxconn 1000\n"
                "defaults\n  mode tcp\n  option splice-auto\n  timeout connect 10s\n  timeout client 1h\n  timeout server 1h\n"
                f"listen ssh\n  bind 127.0.0.1:{self.port}\n  server terminal 127.0.0.1:{target}\n"
            )

    @staticmethod
    def version():
        return run(shutil.which("haproxy", path=SBIN), "-v").split()[2]

    def start(self):
        command = [shutil.which("haproxy", path=SBIN), "-db", "-q", "-f", f"{self.folder}/haproxy.cfg"]
        self.log = open(f"{self.folder}/log", "w")
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        until(lambda: listens("127.0.0.1", self.port), "haproxy listens")

    def stop(self):
        stop(self.process)
