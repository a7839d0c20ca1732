"""One relay at work: its terminals and staff, the terminals' own sshd behind them, and the stock clients of both sides."""

import os
import selectors
import socket
import subprocess
import threading
import time

from processes import settled, until
from relays import CLIENT_LINES, FIRST_PORT, SSHD, compiled, listens, new_key, run, stop
from swarm import FIRST_PORT as SWARM_FIRST_PORT, Swarm

# An echo's bytes: a keystroke's packet, or a line of a terminal.
ECHO_BYTES = 64
ECHO_WARM_UP = 50


class Keys:
    """The key pairs of one run: every relay is given the same."""

    def __init__(self, folder, held):
        self.folder = f"{folder}/keys"
        os.makedirs(self.folder)
        self.swarm = compiled(folder, "swarm", "-lcrypto")
        self.held = run(self.swarm, "keys", folder, str(held)).splitlines()
        self.seed = folder

    def line(self, name):
        """The public line of a key pair, made when it is first asked for."""
        path = f"{self.folder}/{name}"
        if not os.path.exists(path):
            return new_key(path)
        with open(path + ".pub") as file:
            return file.read().strip()


class Scene:
    """A relay with `terminals` terminals of stock clients and `held` of swarm.c, one member of staff, and the terminals' sshd."""

    def __init__(self, folder, keys, relay, terminals, held=0, staff_prefix=()):
        self.folder, self.keys, self.relay = folder, keys, relay
        self.staff_prefix = list(staff_prefix)
        self.tunnels = []  # started and not yet released
        self.place = os.path.basename(relay.folder)  # tells the files of two scenes of one run apart
        self.config = f"{folder}/ssh_config-{self.place}"
        relay.add_staff("staff", keys.line("staff"))
        relay.add_terminals(
            [(f"terminal-{index}", FIRST_PORT + index, keys.line(f"terminal-{index}")) for index in range(terminals)]
            + [(f"held-{index}", SWARM_FIRST_PORT + index, keys.held[index]) for index in range(held)]
        )
        self.end = SSHD(f"{folder}/terminal-{self.place}")
        self.end.add_login(keys.line("staff"))
        self.end.start()
        self.start()

    def start(self):
        """Starts the relay, and tells the clients where it is."""
        self.relay.start()
        self.ciphers = set()  # those that have a configuration file
        with open(self.config, "w") as file:
            file.write(
                f"Host relay\n  HostName {self.relay.address}\n  Port {self.relay.port}\n  User {self.relay.user}\n"
                f"Host localhost\n  User {self.end.user}\n"
                f"Host *\n  IdentityFile {self.keys.folder}/staff\n{CLIENT_LINES}"
            )

    def close(self):
        for tunnel in self.tunnels:
            stop(tunnel)
        self.relay.stop()
        self.end.stop()

    def settled(self):
        """CPU seconds of the relay once it has come to rest."""
        return settled(self.relay.process.pid)

    def tunnel(self, index, *options, target=None):
        """Starts terminal `index`'s stock client; the caller waits for `granted`, and releases it."""
        log = f"{self.folder}/tunnel-{self.place}-{index}.log"
        command = ["ssh", "-F", self.config, "-v", "-E", log, "-N", "-T", "-o", "ExitOnForwardFailure=yes"]
        command += ["-o", "ServerAliveInterval=60", "-o", "LogLevel=DEBUG1", "-i", f"{self.keys.folder}/terminal-{index}", *options]
        # -i adds to the configuration's key: a file of its own order would offer staff's key first.
        command += ["-o", f"IdentityFile={self.keys.folder}/terminal-{index}"]
        command += ["-R", f"{FIRST_PORT + index}:127.0.0.1:{target or self.end.port}", "relay"]
        if os.path.exists(log):
            os.remove(log)
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        process.log = log
        self.tunnels.append(process)
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

    def hold(self, indices, *options, target=None):
        """Tunnels of these terminals, all granted. Started a few at a time, so that none waits past its login time."""
        tunnels = []
        for index in indices:
            tunnels.append(self.tunnel(index, *options, target=target))
            if len(tunnels) % 8 == 0:
                until(lambda: all(self.granted(tunnel) for tunnel in tunnels[-8:]), "tunnels up", 120)
        until(lambda: all(self.granted(tunnel) for tunnel in tunnels), "tunnels up", 120)
        return tunnels

    def release(self, tunnels):
        """Ends tunnels of `hold`; returns when their ports can be had again."""
        for tunnel in tunnels:
            tunnel.terminate()
        for tunnel in tunnels:
            stop(tunnel)
            self.tunnels.remove(tunnel)
        if self.relay.name == "sshd":
            ports = [int(tunnel.args[-2].split(":")[0]) for tunnel in tunnels]
            until(lambda: not any(listens("127.0.0.1", port) for port in ports), "sshd gives the ports back")

    def staff(self, *arguments, cipher=None):
        """A stock client of staff. Options on its line do not reach a jump: the cipher is in a file."""
        config = self.config
        if cipher:
            config = f"{self.config}-{cipher}"
        if cipher and cipher not in self.ciphers:
            self.ciphers.add(cipher)
            with open(self.config) as source, open(config, "w") as file:
                file.write(source.read() + f"  Ciphers {cipher}\n")
        return [*self.staff_prefix, "ssh", "-F", config, *arguments]

    def jump(self, *command, cipher=None):
        """`ssh -J` to terminal 0 by its listening port."""
        return self.staff("-J", "relay", "-p", str(FIRST_PORT), "localhost", *command, cipher=cipher)

    def direct(self, *command, port=None, cipher=None):
        """The same login without a relay, or through something that listens on `port`."""
        return self.staff("-o", "HostName=127.0.0.1", "-p", str(port or self.end.port), "localhost", *command, cipher=cipher)


class Floor:
    """HAProxy before a scene's terminal: staff's `ssh` goes straight through it, with no tunnel and no SSH on the way."""

    def __init__(self, scene, relay):
        self.scene, self.relay = scene, relay
        relay.start()

    def jump(self, *command, cipher=None):
        return self.scene.direct(*command, port=self.relay.port, cipher=cipher)

    def settled(self):
        return settled(self.relay.process.pid)

    def hold(self, *_):
        return []

    def release(self, _):
        pass

    def close(self):
        self.relay.stop()


class Held:
    """Tunnels of one lean client, which are up when this exists. A context: they go with it."""

    def __init__(self, scene, count, patience=300):
        """Waits `patience` seconds at most."""
        self.swarm = Swarm(scene.keys.swarm, scene.relay, scene.keys.seed, count)
        up, self.seconds = self.swarm.await_up(count, patience)
        if up < count:
            self.swarm.close()
            raise RuntimeError(f"{scene.relay.name}: {count - up} of {count} tunnels did not come up in {patience} s")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.swarm.close()


class Sink:
    """A TCP server that says "!" to whoever connects, and counts and drops what comes until the end of each connection."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        self.received = 0
        self.ended = 0
        self._ending = False
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        buffer = bytearray(1 << 18)
        with selectors.DefaultSelector() as selector:
            selector.register(self.listener, selectors.EVENT_READ)
            while not self._ending:
                for key, _ in selector.select(0.2):
                    if key.fileobj is self.listener:
                        connection, _ = self.listener.accept()
                        connection.sendall(b"!")
                        selector.register(connection, selectors.EVENT_READ)
                        continue
                    count = key.fileobj.recv_into(buffer)
                    self.received += count
                    if count == 0:
                        selector.unregister(key.fileobj)
                        key.fileobj.close()
                        self.ended += 1

    def close(self):
        self._ending = True
        self._thread.join()
        self.listener.close()


def echoes(command, count):
    """Round trips of `count` single lines through a client that runs `cat` at the far end. Seconds each."""
    with subprocess.Popen([*command, "cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as client:
        source, drain = client.stdin.fileno(), client.stdout.fileno()
        line, times = b"x" * ECHO_BYTES, []
        for index in range(ECHO_WARM_UP + count):
            begun = time.perf_counter()
            os.write(source, line)
            missing = ECHO_BYTES
            while missing:
                got = len(os.read(drain, missing))
                if got == 0:
                    raise RuntimeError("the echo ended")
                missing -= got
            if index >= ECHO_WARM_UP:
                times.append(time.perf_counter() - begun)
        client.stdin.close()
    return times
