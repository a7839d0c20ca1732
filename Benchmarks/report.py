"""The table of a benchmark run: on the screen, and as docs/benchmark.md."""

import statistics

# figure → (title, unit, what to reach as ours ÷ sshd's, what to reach in the unit)
FIGURES = {
    "memory_growth_per_tunnel": ("memory per idle tunnel", "KB", 1 / 80, 20),
    "cpu_per_connect": ("relay CPU per connect + auth + forward", "ms", 1 / 20, None),
    "cpu_per_gib_aes128-gcm": ("relay CPU per GiB, aes128-gcm on every hop", "s", 0.7, None),
    "wall_per_gib_aes128-gcm": ("wall per GiB through ssh -J, aes128-gcm", "s", 0.55, None),
    "cpu_per_gib_chacha20": ("relay CPU per GiB, chacha20-poly1305 on every hop", "s", None, None),
    "wall_per_gib_chacha20": ("wall per GiB through ssh -J, chacha20-poly1305", "s", None, None),
    "login_wall": ("ssh -J … true", "s", 0.7, None),
}
SCALE = {"KB": 1 / 1024, "ms": 1000, "s": 1}


# Figures that are made with many tunnels of one light client, ours only; their names end in "_of_COUNT". The last entry is the
# figure of sshd that they are held against.
MANY_FIGURES = {
    "memory_growth_per_tunnel": ("memory per idle tunnel", "KB", 1 / 80, 20, "memory_growth_per_tunnel"),
    "memory_whole_per_tunnel": ("the same, whole relay ÷ tunnels", "KB", 1 / 80, 20, "memory_growth_per_tunnel"),
    "cpu_per_connect": ("relay CPU per connect + auth + forward", "ms", 1 / 20, None, "cpu_per_connect"),
    "up_wall": ("until all are up", "s", None, None, None),
}


def _describe(figure):
    """(title, unit, limit of the ratio, limit in the unit, the rival's figure)"""
    if figure in FIGURES:
        return *FIGURES[figure], figure
    kind, count = figure.rsplit("_of_", 1)
    name, *rest = MANY_FIGURES[kind]
    return f"{int(count):,} tunnels: {name}", *rest


def title(figure):
    return _describe(figure)[0]


def shown(figure, value):
    unit = _describe(figure)[1]
    value *= SCALE[unit]
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:,.{digits}f} {unit}"


def _median(samples, figure, relay):
    values = samples.get(figure, {}).get(relay)
    return statistics.median(values) if values else None


def rows(result):
    """(title, ours, sshd's, ratio, to reach, reached) as text, one a figure."""
    samples = result["samples"]
    order = list(FIGURES) + [figure for figure in samples if figure not in FIGURES]
    for figure in order:
        if figure not in samples:
            continue
        # With few tunnels ours is lost in the noise of pages that come to be shared or not; thousands tell.
        if figure == "memory_growth_per_tunnel" and any(other.startswith(f"{figure}_of_") for other in samples):
            continue
        name, unit, ratio_limit, unit_limit, rivals_figure = _describe(figure)
        ours = _median(samples, figure, "towline")
        rival = _median(samples, rivals_figure, "sshd")
        ratio = ours / rival if ours is not None and rival else None
        aims, held = [], []
        if ratio_limit is not None:
            aims.append(f"≤ {ratio_limit:.2f} ×" if ratio_limit >= 0.1 else f"≤ 1/{1 / ratio_limit:.0f}")
            held.append(None if ratio is None else ratio <= ratio_limit)
        if unit_limit is not None:
            aims.append(f"≤ {unit_limit} {unit}")
            held.append(None if ours is None else ours * SCALE[unit] <= unit_limit)
        ratio_text = "–" if ratio is None else f"{ratio:.2f} ×" if ratio >= 0.1 else f"1/{1 / ratio:.0f}"
        verdict = "" if not aims or None in held else "yes" if all(held) else "**no**"
        yield (
            name,
            "–" if ours is None else shown(figure, ours),
            "–" if rival is None else shown(figure, rival),
            ratio_text,
            ", ".join(aims) or "–",
            verdict,
        )


HEAD = ("figure (median)", "ours", "sshd", "ours ÷ sshd", "to reach", "reached")


def table(result):
    lines = [HEAD, *rows(result)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines)


def page(result):
    machine, versions, options = result["machine"], result["versions"], result["options"]
    body = "\n".join("| " + " | ".join(row) + " |" for row in rows(result))
    sshd = "two processes a tunnel (started by root, terminals log in as an account without rights)"
    if not machine["root"]:
        sshd = "one process a tunnel (started by an ordinary user: no privilege separation after login)"
    return f"""# Benchmark

Written by `scripts/bench`; do not edit. Ours against stock `sshd` as the relay: one run, one machine, the same stock
`ssh` clients, and the same stock `sshd` as the terminal behind both.

| {" | ".join(HEAD)} |
|{"---|" * len(HEAD)}
{body}

Made {result["made"]} on {machine["cores"]} cores of {machine["cpu"]}, {machine["memory_gib"]} GiB, Linux {machine["kernel"]}, {machine["system"]};
load average before: {machine["load_before"]:.2f}. Towline {versions["towline"]}, {versions["swift"]}, {versions["openssh"]}.
Clients, both ends and the relay share those cores. All samples are in [benchmark.json](benchmark.json).

## How

- {options["rounds"]} rounds, relays in turn within each; every figure is the median of its samples.
- Memory: growth of the PSS (`/proc/PID/smaps_rollup`) of all relay processes by idle tunnels, ÷ tunnels; "whole relay" is all of its
  PSS ÷ tunnels, nothing subtracted. `sshd` is measured with {options["tunnels"]} tunnels of stock clients, and has {sshd}.
  Ours is measured with thousands of tunnels, held by one client of another family, `Benchmarks/hold.c` (libssh), on the same cores:
  {options["tunnels"]} of ours are lost in the noise of shared pages (the samples are in benchmark.json).
- CPU: user and system time of the relay's processes, ended children included. A connect is one stock
  `ssh -N -R`: key exchange, authentication, forward granted, and its end; {options["connects"]} a round.
- A GiB: {options["megabytes"]} MiB of zeros from staff to the terminal through `ssh -J`, scaled to a GiB; the same cipher on staff's connection
  to the relay, on the tunnel, and end to end. Wall time has the login in it.
"""
