"""The relays that are measured. Each starts on a loopback port with the same keys and is told apart by nothing else."""

import os
import pwd
import select
import shutil
import socket
import subprocess
import sys
import time

from processes import until

FIRST_PORT = 41001


def run(*command, **options):
    """Runs a command that must succeed; its output is shown only when it does not."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}\n{done.stdout}")
    return done.stdout


def free_port():
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


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


class SSHD:
    """Stock OpenSSH: on the relay, or as the terminal's own server behind every tunnel."""

    name = "sshd"

    def __init__(self, folder, *lines):
        self.folder = folder
        self.lines = lines
        self.port = free_port()
        # As root, terminals log in as an account without rights, as on a real relay: sshd then keeps two processes a
        # connection. An ordinary user's sshd can only serve that user, with one.
        self.user = "nobody" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        self.keys = []

    @staticmethod
    def version():
        return subprocess.run(["ssh", "-V"], stderr=subprocess.PIPE, text=True).stderr.strip()

    def add_terminal(self, _, port, public_line):
        self.keys.append(f'restrict,port-forwarding,permitlisten="localhost:{port}" {public_line}')

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
                f"ListenAddress 127.0.0.1:{self.port}\nHostKey {self.folder}/host\nPidFile none\nUsePAM no\n"
                f"AuthorizedKeysFile {self.folder}/authorized_keys\nStrictModes no\nPermitRootLogin prohibit-password\n"
                "PasswordAuthentication no\nKbdInteractiveAuthentication no\nLogLevel ERROR\nPrintMotd no\n"
                "MaxStartups 1000\nPerSourceMaxStartups none\n" + "\n".join(self.lines) + "\n"
            )
        self.log = open(f"{self.folder}/log", "w")
        command = [shutil.which("sshd", path="/usr/sbin:/sbin:" + os.environ["PATH"]), "-D", "-e", "-f", f"{self.folder}/config"]
        # Below a reaper: a connection's child outlives its monitor, and its CPU time must not be lost.
        reaper = [sys.executable, os.path.join(os.path.dirname(os.path.abspath(__file__)), "reaper.py")]
        self.process = subprocess.Popen(reaper + command, stdin=subprocess.DEVNULL, stderr=self.log)
        until(lambda: socket.socket().connect_ex(("127.0.0.1", self.port)) == 0, "sshd listens")

    def stop(self):
        stop(self.process)


class Towline:
    """Ours."""

    name = "towline"
    user = "terminal"

    def __init__(self, folder, program):
        self.folder = folder
        self.program = program
        run(program, "init", "--data-dir", folder, "--hostname", "relay.test")

    def version(self):
        return run("git", "describe", "--always", "--dirty", cwd=os.path.dirname(os.path.abspath(__file__))).strip()

    def command(self, *arguments):
        return run(self.program, *arguments, "--data-dir", self.folder)

    def add_terminal(self, name, port, public_line):
        key = f"{self.folder}/{name}.key"
        with open(key, "w") as file:
            file.write(public_line + "\n")
        self.command("terminal", "add", name, "--listening-port", str(port), "--key", key)

    def add_staff(self, name, public_line):
        key = f"{self.folder}/{name}.key"
        with open(key, "w") as file:
            file.write(public_line + "\n")
        self.command("staff", "add", name, "--key", key, "--role", "admin")

    def start(self):
        self.log = open(f"{self.folder}/log", "w")
        command = [self.program, "serve", "--data-dir", self.folder, "--listen", "127.0.0.1:0"]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.log, text=True)
        deadline = time.monotonic() + 30
        while select.select([self.process.stdout], [], [], max(0, deadline - time.monotonic()))[0]:
            line = self.process.stdout.readline()
            if line.startswith("listening on "):
                self.port = int(line.rsplit(":", 1)[1])
            if line.strip() == "ready":
                break
            if not line:
                raise RuntimeError(f"towline-relay ended; see {self.folder}/log")

    def stop(self):
        stop(self.process)
