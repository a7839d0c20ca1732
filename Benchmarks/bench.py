"""The relay against its rivals, in one run, with the same clients and the same terminals. See scripts/bench."""

import argparse
import datetime
import json
import os
import platform
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback

import charts
import measures
import report
from relays import SSHD, GoRelay, HAProxy, Towline, run
from scene import Floor, Keys, Scene

# Figure groups, in the order in which they are measured: what is sensitive to a warm machine comes after what warms it.
ON_SCENES = {"idle": measures.idle, "connect": measures.connect, "bridges": measures.bridges}
ON_SCENES_AND_FLOOR = {"login": measures.login, "transfer": measures.transfer}
ON_THEIR_OWN = {"distance": measures.distance, "strangers": measures.strangers}
GROUPS = [*ON_SCENES, *ON_SCENES_AND_FLOOR, *ON_THEIR_OWN]
QUICK = {
    "rounds": 2, "curve_rounds": 1, "held": [1, 10, 100, 1000], "held_by_sshd": [1, 10], "echoes": 500, "connects": 5, "logins": 3,
    "megabytes": 200, "bridges": [1, 4, 16], "bridge_megabytes": 100, "far_megabytes": 16, "strangers": 2000,
}  # fmt: skip


def show(name, relay, value, at=None):
    """A sample on the screen, as it comes."""
    title = report.title(name) + ("" if at is None else f", {at:,}")
    print(f"  {title:<58} {relay:<8} {report.shown(name, value)}", flush=True)


def measure(options, folder):
    """Runs the chosen figures on every relay, relays in turn within a round; returns what was measured, and which groups failed."""
    record = measures.Record(show)
    chosen = [group for group in GROUPS if group in options.figures]
    held = max(options.held) if "idle" in chosen else 1
    keys = Keys(folder, max(held, *options.held_by_sshd))
    scenes, floor, failed = [], None, []

    def run_group(group, measure_it, *subjects):
        print(f"{group}: {measure_it.__doc__.splitlines()[0]}", flush=True)
        begun = time.monotonic()
        try:
            measure_it(record, *subjects, options)
        except Exception as error:  # half an hour of other figures is not thrown away for it
            traceback.print_exc()
            failed.append(f"{group}: {error}")
        print(f"  ({time.monotonic() - begun:.0f} s)", flush=True)

    try:
        if any(group not in ON_THEIR_OWN for group in chosen):
            stock = max(options.connects, *options.bridges)
            print(f"preparing: {stock + held:,} terminals a relay", flush=True)
            scenes.append(Scene(folder, keys, Towline(f"{folder}/relay-towline", options.relay), stock, held))
            scenes.append(Scene(folder, keys, GoRelay(f"{folder}/relay-go"), stock, held))
            scenes.append(Scene(folder, keys, SSHD(f"{folder}/relay-sshd"), stock, max(options.held_by_sshd)))
            floor = Floor(scenes[0], HAProxy(f"{folder}/haproxy", scenes[0].end.port))
        for group in chosen:
            if group in ON_SCENES:
                run_group(group, ON_SCENES[group], scenes)
            elif group in ON_SCENES_AND_FLOOR:
                run_group(group, ON_SCENES_AND_FLOOR[group], [*scenes, floor])
            else:
                run_group(group, ON_THEIR_OWN[group], folder, keys)
    finally:
        for subject in [*scenes, floor]:
            if subject:
                subject.close()
    return record, failed


def machine():
    """What the figures depend on."""
    with open("/proc/cpuinfo") as file:
        model = next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), platform.machine())
    with open("/proc/meminfo") as file:
        memory = int(file.readline().split()[1]) // (1 << 20)
    system = "?"
    if os.path.exists("/etc/debian_version"):
        with open("/etc/debian_version") as file:
            system = "Debian " + file.read().strip()
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "memory_gib": memory,
        "kernel": platform.release(),
        "system": system,
        "load_before": os.getloadavg()[0],
        "root": os.geteuid() == 0,
    }


def versions():
    return {
        "towline": Towline.version(),
        "swift": run("swift", "--version").splitlines()[0],
        "libcrypto": run("openssl", "version").strip(),
        "openssh": SSHD.version(),
        "go": GoRelay.version(),
        "haproxy": HAProxy.version(),
    }


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    add = parser.add_argument
    add("--relay", metavar="FILE", default=".build/release/towline-relay", help="the program to measure")
    add("--figures", nargs="+", choices=GROUPS, default=GROUPS, metavar="NAME", help=f"only these: {', '.join(GROUPS)}; nothing is written")
    add("--quick", action="store_true", help="a look, in about three minutes: small numbers, few rounds; nothing is written")
    add("--rounds", type=int, default=5, metavar="N", help="samples of a figure; their median counts (default 5)")
    add("--curve-rounds", type=int, default=3, metavar="N", help="samples of a point on a curve (default 3)")
    add("--held", type=int, nargs="+", default=[1, 10, 100, 1000, 10_000], metavar="N", help="idle tunnels (default 1 10 100 1000 10000)")
    add("--held-by-sshd", type=int, nargs="+", default=[1, 10, 100], metavar="N", help="idle tunnels of sshd (default 1 10 100)")
    add("--echoes", type=int, default=2000, metavar="N", help="round trips of an echo sample (default 2000)")
    add("--connects", type=int, default=20, metavar="N", help="connections of a sample of CPU per connect with stock clients (default 20)")
    add("--logins", type=int, default=5, metavar="N", help="ssh -J … true a round (default 5)")
    add("--megabytes", type=int, default=1000, metavar="MB", help="a bridged transfer (default 1000)")
    add("--bridges", type=int, nargs="+", default=[1, 2, 4, 8, 16, 32, 64], metavar="N", help="bridges at once (default 1 2 4 … 64)")
    add("--bridge-megabytes", type=int, default=400, metavar="MB", help="what all bridges of a point carry together (default 400)")
    add("--far-megabytes", type=int, default=64, metavar="MB", help="a transfer at 100 ms (default 64)")
    add("--strangers", type=int, default=2000, metavar="N", help="half-open connections (default 2000)")
    add("--output", metavar="FOLDER", default="docs", help="folder for benchmark.md, benchmark.json and the charts (default docs)")
    options = parser.parse_args()
    if options.quick:
        for name, value in QUICK.items():
            if getattr(options, name) == parser.get_default(name):
                setattr(options, name, value)
    if min(options.held + options.held_by_sshd + options.bridges) < 1 or options.rounds < 1 or options.curve_rounds < 1:
        parser.error("rounds, tunnels and bridges are 1 or more")
    return options


def main():
    options = arguments()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("scripts/bench: ended by a signal"))  # and take what was started along
    facts = machine()
    begun = time.monotonic()
    folder = tempfile.mkdtemp(prefix="towline-bench-")
    os.chmod(folder, 0o755)  # an unprivileged sshd child reads authorized_keys below it
    try:
        record, failed = measure(options, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    result = {
        "made": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "seconds": round(time.monotonic() - begun),
        "machine": facts,
        "versions": versions(),
        "options": {name: value for name, value in vars(options).items() if name not in ("output", "relay")},
        "samples": record.samples,
        "curves": record.curves,
    }
    print()
    print(report.table(result))
    print(f"\n{result['seconds'] // 60} min {result['seconds'] % 60} s; load average before: {facts['load_before']:.2f}")
    if options.quick or options.figures != GROUPS:
        return _told(failed)
    os.makedirs(options.output, exist_ok=True)
    with open(f"{options.output}/benchmark.json", "w") as file:
        json.dump(result, file, indent=1)
        file.write("\n")
    for name, text in {**charts.drawn(result), "benchmark.md": report.page(result)}.items():
        with open(f"{options.output}/{name}", "w") as file:
            file.write(text)
    print(f"written: {options.output}/benchmark.md, benchmark.json and benchmark-*.svg")
    return _told(failed)


def _told(failed):
    """Says which groups failed; the exit status."""
    for text in failed:
        print(f"scripts/bench: not measured to the end: {text}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
