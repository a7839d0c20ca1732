"""What is measured. Each sample goes to a `Record`; the median of a figure's samples is the figure (report.py)."""

import math
import subprocess
import time

from network import FarStaff
from processes import cpu_seconds, pss_bytes
from relays import FIRST_PORT, SSHD, GoRelay, Towline, run
from scene import Held, Scene, Sink, echoes
from strangers import Strangers

CIPHERS = {"aes128-gcm": "aes128-gcm@openssh.com", "chacha20": "chacha20-poly1305@openssh.com"}
MEGABYTE = 1_000_000
GIGABYTE = 1_000_000_000
# Staff's distance: half of it on each way.
ROUND_TRIP = 0.1


class Record:
    """Samples of figures, and of curves by what grows."""

    def __init__(self, show):
        self.show = show
        self.samples, self.curves = {}, {}

    def figure(self, name, relay, value):
        """`value` in seconds, bytes or bytes a second; None where the relay did not serve at all."""
        self.samples.setdefault(name, {}).setdefault(relay, []).append(value)
        self.show(name, relay, value)

    def point(self, curve, relay, at, value):
        """The same for a curve, `at` so many tunnels or bridges."""
        self.curves.setdefault(curve, {}).setdefault(relay, {}).setdefault(at, []).append(value)
        self.show(curve, relay, value, at)


def percentile(times, share):
    """The value that `share` of the samples do not exceed."""
    return sorted(times)[math.ceil(share * len(times)) - 1]


def idle(record, scenes, options):
    """Idle tunnels, from one to the most a relay is asked to hold: memory, connecting, coming back, and what they cost an echo."""
    few = [scene for scene in scenes if scene.relay.name == "sshd"]
    many = [scene for scene in scenes if scene.relay.name != "sshd"]
    for together, counts in (many, options.held), (few, options.held_by_sshd):
        for count in sorted(counts):
            is_figure = count == max(counts)
            for _ in range(options.rounds if is_figure else options.curve_rounds):
                for scene in together:
                    _hold_idle(record, scene, count, is_figure, options)


def _hold_idle(record, scene, count, is_figure, options):
    """Starts the relay, holds `count` tunnels, and kills it with all of them connected: so every start is one after a kill."""
    name, relay = scene.relay.name, scene.relay
    relay.stop()
    started = time.monotonic()
    scene.start()
    start_wall = time.monotonic() - started
    pid = relay.process.pid
    before, cpu = pss_bytes(pid), scene.settled()
    with Held(scene, count) as held:
        cpu = cpu_seconds(pid) - cpu
        scene.settled()
        after = pss_bytes(pid)
        tunnels = scene.hold([0])
        through, direct = echoes(scene.jump(), options.echoes), echoes(scene.direct(), options.echoes)
        scene.release(tunnels)
        lost = held.swarm.lost()
        if lost:
            raise RuntimeError(f"{name}: {lost} of {count} tunnels ended while they were held")
        relay.kill()
    added = {share: percentile(through, share) - percentile(direct, share) for share in (0.5, 0.99)}
    record.point("tunnels_memory", name, count, after)
    record.point("tunnels_cpu_per_connect", name, count, cpu / count)
    record.point("tunnels_echo_p99", name, count, added[0.99])
    if is_figure:
        # sshd's few tunnels are weighed without its listener, which thousands would make small.
        record.figure("memory_per_tunnel", name, (after - before if name == "sshd" else after) / count)
        record.figure("memory_growth_per_tunnel", name, (after - before) / count)
        record.figure("cpu_per_connect", name, cpu / count)
        record.figure("echo_added_p99", name, added[0.99])
        record.figure("echo_added_median", name, added[0.5])
        if name != "sshd":
            record.figure("back_wall", name, start_wall + held.seconds)
    scene.start()


def connect(record, scenes, options):
    """Relay CPU for one connection of a stock client, authentication and forward, and its end."""
    for _ in range(options.rounds):
        for scene in scenes:
            before = scene.settled()
            for index in range(options.connects):
                scene.release(scene.hold([index]))
            record.figure("cpu_per_connect_stock", scene.relay.name, (scene.settled() - before) / options.connects)


def login(record, scenes, options):
    """Wall time of `ssh -J … true`, a tunnel being up."""
    for _ in range(options.rounds):
        for scene in scenes:
            tunnels = scene.hold([0])
            for _ in range(options.logins):
                started = time.monotonic()
                run(*scene.jump("true"), stdin=subprocess.DEVNULL)
                record.figure("login_wall", scene.relay.name, time.monotonic() - started)
            scene.release(tunnels)


def transfer(record, scenes, options):
    """Relay CPU and wall time of a file from staff to the terminal, the same cipher on every hop. Per GB; the login is in it."""
    size = options.megabytes * MEGABYTE
    for _ in range(options.rounds):
        for cipher, full_name in CIPHERS.items():
            for scene in scenes:
                tunnels = scene.hold([0], "-o", f"Ciphers={full_name}")
                before, started = scene.settled(), time.monotonic()
                with subprocess.Popen(["head", "-c", str(size), "/dev/zero"], stdout=subprocess.PIPE) as source:
                    received = run(*scene.jump("wc -c", cipher=full_name), stdin=source.stdout).strip()
                wall = time.monotonic() - started
                if int(received) != size:
                    raise RuntimeError(f"{scene.relay.name}: {received} of {size} bytes arrived")
                record.figure(f"cpu_per_gb_{cipher}", scene.relay.name, (scene.settled() - before) * GIGABYTE / size)
                record.figure(f"wall_per_gb_{cipher}", scene.relay.name, wall * GIGABYTE / size)
                scene.release(tunnels)


def bridges(record, scenes, options):
    """Many bridges at once, each to a terminal of its own: bytes a second of all, and relay CPU per GB.

    `ssh -W` to a sink behind the tunnel, no session inside: what is under load is the relay, not the ends.
    """
    cipher = CIPHERS["aes128-gcm"]
    for scene in scenes:
        sink = Sink()
        tunnels = scene.hold(range(max(options.bridges)), "-o", f"Ciphers={cipher}", target=sink.port)
        try:
            for count in sorted(options.bridges):
                for _ in range(options.curve_rounds):
                    speed, cpu = _bridge_many(scene, sink, count, options.bridge_megabytes * MEGABYTE // count, cipher)
                    record.point("bridges_throughput", scene.relay.name, count, speed)
                    record.point("bridges_cpu_per_gb", scene.relay.name, count, cpu)
        finally:
            scene.release(tunnels)
            sink.close()


def _bridge_many(scene, sink, count, size, cipher):
    """(bytes a second, relay CPU seconds per GB) of `count` bridges that carry `size` bytes each."""
    clients = []
    for index in range(count):
        command = scene.staff("-W", f"localhost:{FIRST_PORT + index}", "relay", cipher=cipher)
        clients.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0))
    for client in clients:
        if client.stdout.read(1) != b"!":
            raise RuntimeError(f"{scene.relay.name}: a bridge did not open")
    before, received, started = scene.settled(), sink.received, time.monotonic()
    sources = [subprocess.Popen(["head", "-c", str(size), "/dev/zero"], stdout=client.stdin) for client in clients]
    for client in clients:
        client.stdin.close()
    deadline = started + 300
    while sink.received - received < count * size:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{scene.relay.name}: {sink.received - received} of {count * size} bytes arrived")
        time.sleep(0.001)
    wall = time.monotonic() - started
    cpu = scene.settled() - before
    for process in sources:
        process.wait()
    for client in clients:
        client.stdout.close()
        client.terminate()  # it waits for an end that the sink's does not always bring
        client.wait()
    return count * size / wall, cpu * GIGABYTE / (count * size)


def distance(record, folder, keys, options):
    """Bytes a second of one bridge when staff are far away, after the login, both ways."""
    if not FarStaff.possible():
        print("  (distance: left out, it needs root and TUN devices)", flush=True)
        return
    size = options.far_megabytes * MEGABYTE
    with FarStaff(folder, ROUND_TRIP) as staff:
        relays = [
            Towline(f"{folder}/far-towline", options.relay, address=staff.address),
            SSHD(f"{folder}/far-sshd", address=staff.address),
        ]
        scenes = [Scene(folder, keys, relay, 1, staff_prefix=staff.prefix) for relay in relays]
        try:
            for _ in range(options.rounds):
                for scene in scenes:
                    tunnels = scene.hold([0])
                    record.figure("far_up", scene.relay.name, _push(scene, size))
                    record.figure("far_down", scene.relay.name, _pull(scene, size))
                    scene.release(tunnels)
        finally:
            for scene in scenes:
                scene.close()


def _push(scene, size):
    """Bytes a second from staff to the terminal, from the far end's word that it is there to its count of all."""
    command = scene.jump(f"echo ready; head -c {size} | wc -c")
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as client:
        client.stdout.readline()
        started = time.monotonic()
        subprocess.run(["head", "-c", str(size), "/dev/zero"], stdout=client.stdin, check=True)
        client.stdin.close()
        received = int(client.stdout.readline())
        wall = time.monotonic() - started
    if received != size:
        raise RuntimeError(f"{scene.relay.name}: {received} of {size} bytes arrived")
    return size / wall


def _pull(scene, size):
    """Bytes a second from the terminal to staff, from the first byte to the last."""
    with subprocess.Popen(scene.jump(f"head -c {size} /dev/zero"), stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, bufsize=0) as client:
        received = len(client.stdout.read(1))
        started = time.monotonic()
        while block := client.stdout.read(1 << 16):
            received += len(block)
        wall = time.monotonic() - started
    if received != size:
        raise RuntimeError(f"{scene.relay.name}: {received} of {size} bytes arrived")
    return size / wall


def strangers(record, folder, keys, options):
    """Wall time of connect + authentication + forward of a good client while strangers hold half-open connections."""
    relays = [
        Towline(f"{folder}/strangers-towline", options.relay),
        GoRelay(f"{folder}/strangers-go"),
        SSHD(f"{folder}/strangers-sshd", startups=""),  # as it comes: MaxStartups 10:30:100
    ]
    for relay in relays:
        scene = Scene(folder, keys, relay, 1, held=1)
        try:
            crowd = Strangers(relay.port, options.strangers)
            held = []
            for _ in range(options.rounds):
                held.append(crowd.living())
                try:
                    with Held(scene, 1, patience=20) as good:
                        record.figure("stranger_wall", relay.name, good.seconds)
                except RuntimeError:
                    record.figure("stranger_wall", relay.name, None)
            record.figure("strangers_held", relay.name, min(held))
            crowd.close()
        finally:
            scene.close()
