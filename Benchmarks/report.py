"""The table of a benchmark run: on the screen, and as docs/benchmark.md."""

import statistics
from typing import NamedTuple

import charts

RELAYS = ("towline", "sshd", "go", "haproxy")
RIVALS = {"sshd": "sshd", "go": "Go"}
# unit → (factor from seconds, bytes or bytes a second, text after the number)
UNITS = {"KB": (1 / 1024, " KB"), "MB": (1 / (1 << 20), " MB"), "ms": (1000, " ms"), "s": (1, " s"), "MB/s": (1e-6, " MB/s"), "": (1, "")}


class Figure(NamedTuple):
    """What a figure is called, and what to reach: `limit` in its unit, `ratios` as ours ÷ a rival's."""

    title: str
    unit: str
    limit: float | None = None
    ratios: dict[str, float] = {}
    higher_is_better: bool = False


FIGURES = {
    "memory_per_tunnel": Figure("memory per idle tunnel", "KB", 12, {"sshd": 1 / 130, "go": 1 / 3}),
    "memory_growth_per_tunnel": Figure("the same, growth only", "KB"),
    "cpu_per_connect": Figure("relay CPU per connect + auth + forward", "ms", 0.6, {"sshd": 1 / 30, "go": 1}),
    "cpu_per_connect_stock": Figure("the same, stock ssh, one at a time", "ms", None, {"sshd": 1 / 30, "go": 1}),
    "back_wall": Figure("all tunnels back after a kill", "s", 20),
    "cpu_per_gb_aes128-gcm": Figure("relay CPU per GB, aes128-gcm", "s", 1.2, {"sshd": 0.55, "go": 0.40}),
    "cpu_per_gb_chacha20": Figure("relay CPU per GB, chacha20-poly1305", "s", 1.4, {"sshd": 0.36, "go": 0.22}),
    "wall_per_gb_aes128-gcm": Figure("wall per GB, ssh -J, aes128-gcm", "s", None, {"sshd": 0.45}),
    "wall_per_gb_chacha20": Figure("wall per GB, ssh -J, chacha20-poly1305", "s", None, {"sshd": 0.45}),
    "echo_added_p99": Figure("echo round trip added, p99", "ms", 0.3, {"sshd": 1}),
    "echo_added_median": Figure("echo round trip added, median", "ms"),
    "login_wall": Figure("ssh -J … true", "s", None, {"sshd": 0.6}),
    "far_up": Figure("one bridge at 100 ms, staff → terminal", "MB/s", None, {"sshd": 1}, True),
    "far_down": Figure("one bridge at 100 ms, terminal → staff", "MB/s", None, {"sshd": 1}, True),
    "stranger_wall": Figure("a good client among half-open ones", "s", 1),
    "strangers_held": Figure("half-open ones held meanwhile", ""),
    # Curves: charts.py draws them.
    "tunnels_memory": Figure("memory of the relay by idle tunnels", "MB"),
    "tunnels_cpu_per_connect": Figure("relay CPU per connect by idle tunnels", "ms"),
    "tunnels_echo_p99": Figure("echo round trip added, p99, by idle tunnels", "ms"),
    "bridges_throughput": Figure("all bytes by bridges", "MB/s"),
    "bridges_cpu_per_gb": Figure("relay CPU per GB by bridges", "s"),
}
HEAD = ("figure (median)", "ours", "sshd", "Go", "HAProxy", "÷ sshd", "÷ Go", "to reach", "reached")


def title(name):
    return FIGURES[name].title


def shown(name, value):
    """A value with its unit, to three digits."""
    if value is None:
        return "refused"
    factor, unit = UNITS[FIGURES[name].unit]
    value *= factor
    return f"{value:,.{0 if abs(value) >= 100 or not unit else 1 if abs(value) >= 10 else 2}f}{unit}"


def median(samples):
    """The median; None where more than half of the samples were refused, nothing where there are none."""
    served = [sample for sample in samples if sample is not None]
    return None if 2 * len(served) <= len(samples) else statistics.median(served)


def _ratio(value):
    return f"{value:.2f} ×" if value >= 0.1 else f"1/{1 / value:.0f}" if value > 0 else "–"


def rows(result):
    """The cells of HEAD as text, one row a figure."""
    for name, figure in FIGURES.items():
        samples = result["samples"].get(name)
        if samples is None:
            continue
        medians = {relay: median(samples[relay]) for relay in RELAYS if samples.get(relay)}
        ours = medians.get("towline")
        sign, holds = ("≥", lambda value, aim: value >= aim) if figure.higher_is_better else ("≤", lambda value, aim: value <= aim)
        aims, held, ratios = [], [], {}
        if figure.limit is not None:
            aims.append(f"{sign} {figure.limit:g} {figure.unit}")
            held.append(ours is not None and holds(ours * UNITS[figure.unit][0], figure.limit))
        for relay, rival in RIVALS.items():
            if ours is not None and (medians.get(relay) or 0) > 0:  # noise can bring a difference below zero
                ratios[relay] = ours / medians[relay]
            if relay in figure.ratios:
                aims.append(f"{sign} {_ratio(figure.ratios[relay])} {rival}".replace("1.00 × ", ""))
                held.append(relay in ratios and holds(ratios[relay], figure.ratios[relay]))
        verdict = "" if not aims else "yes" if all(held) else "**no**: " + ", ".join(aim for aim, ok in zip(aims, held) if not ok)
        yield (
            figure.title,
            *(shown(name, medians[relay]) if relay in medians else "–" for relay in RELAYS),
            *(_ratio(ratios[relay]) if relay in ratios else "–" for relay in RIVALS),
            ", ".join(aims) or "–",
            verdict,
        )


def table(result):
    """For the screen."""
    lines = [HEAD, *rows(result)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip().replace("**", "") for line in lines)


def page(result):
    """docs/benchmark.md."""
    machine, versions, options = result["machine"], result["versions"], result["options"]
    body = "\n".join("| " + " | ".join(row) + " |" for row in rows(result))
    drawn = "\n".join(f"![{chart.title}]({chart.file})" for chart in charts.CHARTS if chart.curve in result["curves"])
    most, most_of_sshd = max(options["held"]), max(options["held_by_sshd"])
    sshd = "two processes a tunnel (started by root; terminals log in as an account without rights)"
    if not machine["root"]:
        sshd = "one process a tunnel (started by an ordinary user: no privilege separation after login)"
    return f"""# Benchmark

Written by `scripts/bench`; do not edit. Ours and its rivals as the relay: one run, one machine, the same clients, and the same
stock `sshd` as the terminals behind all of them.

| {" | ".join(HEAD)} |
|{"---|" * len(HEAD)}
{body}

- **sshd**: stock OpenSSH. **Go**: a minimal relay on x/crypto/ssh, the library under sish, ShellHub and Teleport
  (`Benchmarks/gorelay`). **HAProxy**: TCP mode, straight to the terminal's `sshd`: no tunnel and no cipher, the floor for moving bytes.
- *reached* holds for all of "to reach", or names what was missed. Smaller is better, but for MB/s.

Made {result["made"]} in {result["seconds"] // 60} min on {machine["cores"]} cores of {machine["cpu"]}, {machine["memory_gib"]} GiB,
Linux {machine["kernel"]}, {machine["system"]}; load average before: {machine["load_before"]:.2f}. Towline {versions["towline"]},
{versions["swift"]}, {versions["libcrypto"]}; {versions["openssh"]};
Go {versions["go"].removeprefix("go")}; HAProxy {versions["haproxy"]}.
Clients, both ends and the relay share those cores. All samples, options and versions are in [benchmark.json](benchmark.json).

What is left, and why, is in [performance.md](performance.md).

## Growth with load

{drawn}

Medians of {options["curve_rounds"]} samples a point, {options["rounds"]} at the last one of idle tunnels.
`sshd` is asked to hold up to {most_of_sshd} tunnels.

## How

- Samples: {options["rounds"]} of every figure, relays in turn within each round; every figure is their median.
- Idle tunnels: {most:,} for ours and for Go, {most_of_sshd} for `sshd`, all held by one lean client on the same
  cores, `Benchmarks/swarm.c` (libcrypto and epoll). Every sample is a fresh start of the relay after a SIGKILL with all tunnels
  connected. Memory is the PSS (`/proc/PID/smaps_rollup`) of all processes of the relay ÷ tunnels, nothing subtracted; of `sshd`
  its growth ÷ tunnels. `sshd` has {sshd}.
- CPU: user and system time of the relay's processes, ended children included. "Stock ssh" is one `ssh -N -R` after the other: key
  exchange (the one that both prefer), authentication, forward granted, and its end; {options["connects"]} a sample.
- Back after a kill: from the start of the relay's program until the last of {most:,} tunnels is granted. The light client on the
  same cores works for each of them as hard as {most:,} terminals would together.
- A GB (10⁹ bytes): {options["megabytes"]} MB of zeros from staff to the terminal through `ssh -J`, scaled; the same cipher on staff's
  connection to the relay, on the tunnel, and end to end. Wall time has the login in it.
- Echo: {options["echoes"]:,} lines of 64 bytes, one after the other, through `ssh -J … cat` with the idle tunnels connected, less the
  same percentile of `ssh … cat` straight to the terminal's `sshd`: what is added is the relay and the two stock clients on the way.
- 100 ms: staff in a network namespace at the end of a line that delays each packet by 50 ms each way (`Benchmarks/link.c`: what
  `tc netem` does, on kernels without it); {options["far_megabytes"]} MB after the login. The inner session's window is OpenSSH's
  2 MiB, so 21 MB/s is what it allows at best.
- Half-open: {options["strangers"]:,} connections from several loopback addresses, a third each silent, named, and stopped in the middle
  of a key exchange; a good client from another address connects, authenticates and is granted its port. `sshd` as it comes
  (MaxStartups 10:30:100).
- Bridges: {options["bridge_megabytes"]} MB in all over so many bridges, each to a terminal of its own, aes128-gcm; `ssh -W` to a sink
  behind the tunnel, no session inside, so that the load is on the relay rather than on the ends.
"""
