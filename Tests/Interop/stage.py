"""One relay, a real sshd behind its terminals, staff and keys of every type: where the clients are tried. Loopback only."""

import json
import os
import shlex
import socket
import subprocess
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../Benchmarks"))
from processes import until  # noqa: E402
from relays import SSH_AUDIT, SSHD, Towline, run  # noqa: E402

# What ssh-keygen makes: type, bits. The relay takes these five, and the two of hardware tokens, which need one.
KEY_TYPES = {"ed25519": ("ed25519", None), "ecdsa-256": ("ecdsa", 256), "ecdsa-384": ("ecdsa", 384), "ecdsa-521": ("ecdsa", 521)}
KEY_TYPES |= {"rsa-2048": ("rsa", 2048), "rsa-3072": ("rsa", 3072)}
FIRST_PORT = 41001
STEADY = 5


def offered_by(port):
    """The relay's own name-lists, read from its KEXINIT: {"kex": […], "cipher": […], "mac": […]} (RFC 4253 §7.1)."""
    with socket.create_connection(("127.0.0.1", port), 10) as peer:
        peer.sendall(b"SSH-2.0-interop\r\n")
        stream = peer.makefile("rb")
        stream.readline()
        packet = stream.read(int.from_bytes(stream.read(4), "big"))
    lists, at = [], 1 + 1 + 16
    for _ in range(8):
        size = int.from_bytes(packet[at : at + 4], "big")
        lists.append(packet[at + 4 : at + 4 + size].decode().split(","))
        at += 4 + size
    return {"kex": [name for name in lists[0] if not name.startswith("kex-strict")], "cipher": lists[2], "mac": lists[4]}


class Stage:
    """Terminals `key-TYPE`, one for each type of key, and `steady-N`; staff `staff-TYPE`. The steady ones hold stock tunnels."""

    def __init__(self, folder, program, key_types=tuple(KEY_TYPES)):
        self.folder = folder
        self.relay = Towline(f"{folder}/relay", program)
        os.makedirs(f"{folder}/keys")
        lines = {f"key-{name}": self._key(f"terminal-{name}", *KEY_TYPES[name]) for name in key_types}
        lines |= {f"steady-{index}": self._key(f"steady-{index}") for index in range(STEADY)}
        self.ports = {name: FIRST_PORT + index for index, name in enumerate(lines)}
        self.relay.add_terminals([(name, self.ports[name], line) for name, line in lines.items()])
        for name in key_types:
            self.relay.add_staff(f"staff-{name}", self._key(f"staff-{name}", *KEY_TYPES[name]))
        self._key("wrong")
        self.end = SSHD(f"{folder}/end", "MaxSessions 64", "Subsystem sftp internal-sftp")
        self.end.add_login(self._key("login"))
        self.end.start()
        self.relay.start()
        # Every client is told of a second host key (hostkeys-00@openssh.com), as while an operator goes over to one.
        self.relay.command("relay-key", "prepare")
        self.algorithms = offered_by(self.relay.port)
        self._write_configuration()
        self.tunnels = [self._steady_tunnel(index) for index in range(STEADY)]
        for index in range(STEADY):
            until(lambda: self.is_online(f"steady-{index}"), f"steady-{index} online")

    def close(self):
        for tunnel in self.tunnels:
            tunnel.terminate()
            tunnel.wait()
        subprocess.run(["ssh", "-F", self.configuration, "-O", "exit", "relay"], capture_output=True)
        self.relay.stop()
        self.end.stop()

    def key(self, name):
        """Path of a private key; its public half is beside it."""
        return f"{self.folder}/keys/{name}"

    def _key(self, name, kind="ed25519", bits=None):
        # PEM where there is such a form: every client reads it, and some read only it.
        form = [] if kind == "ed25519" else ["-m", "PEM"]
        size = [] if bits is None else ["-b", str(bits)]
        run("ssh-keygen", "-q", "-t", kind, *size, *form, "-N", "", "-C", name, "-f", self.key(name))
        with open(self.key(name) + ".pub") as file:
            return file.read().strip()

    def _write_configuration(self):
        self.configuration = f"{self.folder}/ssh_config"
        self.known_hosts = f"{self.folder}/known_hosts"
        with open(f"{self.end.folder}/host.pub") as file:
            end = " ".join(file.read().split()[:2])
        scanned = run("ssh-keyscan", "-p", str(self.relay.port), "-t", "ed25519", "127.0.0.1").splitlines()
        self.relay_key = " ".join(next(line for line in scanned if line.startswith("[")).split()[1:3])
        self.relay_fingerprint = run("ssh-keygen", "-lf", "-", input=f"relay {self.relay_key}\n").split()[1]
        with open(self.known_hosts, "w") as file:
            file.write(f"relay {self.relay_key}\nterminal {end}\n")
        with open(self.configuration, "w") as file:
            file.write(
                f"Host relay\n  HostName 127.0.0.1\n  Port {self.relay.port}\n  User staff\n  HostKeyAlias relay\n"
                f"  IdentityFile {self.key('staff-ed25519')}\n  ControlMaster auto\n  ControlPersist 600\n  ControlPath {self.folder}/control\n"
                f"Host steady-* key-* localhost terminal\n  User {self.end.user}\n  HostKeyAlias terminal\n  IdentityFile {self.key('login')}\n"
                "  Ciphers aes128-gcm@openssh.com\nHost steady-*\n  ProxyJump relay\n"
                f"Host *\n  IdentitiesOnly yes\n  IdentityAgent none\n  BatchMode yes\n  UserKnownHostsFile {self.known_hosts}\n"
                "  GlobalKnownHostsFile none\n  StrictHostKeyChecking yes\n  LogLevel ERROR\n"
            )

    def _steady_tunnel(self, index):
        command = ["ssh", "-F", self.configuration, "-S", "none", "-N", "-T", "-o", "ExitOnForwardFailure=yes"]
        command += ["-o", f"IdentityFile={self.key(f'steady-{index}')}", "-i", self.key(f"steady-{index}"), "-l", "terminal"]
        command += ["-R", f"{self.ports[f'steady-{index}']}:127.0.0.1:{self.end.port}", "-p", str(self.relay.port)]
        command += ["-o", "HostKeyAlias=relay", "127.0.0.1"]
        return subprocess.Popen(command, stdin=subprocess.DEVNULL)

    def is_online(self, terminal):
        return json.loads(self.relay.command("terminal", "show", terminal, "--json"))["terminal"]["state"] == "online"

    def through(self, proxy, remote, data=b"", seconds=60):
        """(status, output, complaint) of a command on the terminal, by stock ssh on top of `proxy`, a command line as a list."""
        line = " ".join(shlex.quote(word) for word in proxy).replace("%", "%%")
        command = ["ssh", "-F", self.configuration, "-o", f"ProxyCommand={line}", "terminal", remote]
        try:
            done = subprocess.run(command, input=data, capture_output=True, timeout=seconds)
        except subprocess.TimeoutExpired as late:
            return None, late.stdout or b"", f"not within {seconds} s: " + (late.stderr or b"").decode(errors="replace")[-400:]
        return done.returncode, done.stdout, done.stderr.decode(errors="replace")

    def stock_proxy(self, terminal):
        """How stock ssh reaches a terminal by name: what ProxyJump does."""
        return ["ssh", "-F", self.configuration, "-W", f"{terminal}:22", "relay"]
