"""The curves of a benchmark run as SVG: logarithmic both ways, readable on light and on dark paper."""

import math
from typing import NamedTuple
from xml.sax.saxutils import escape

import report

WIDTH, HEIGHT = 640, 360
LEFT, RIGHT, TOP, BOTTOM = 72, 88, 44, 52
NAMES = {"towline": "ours", "sshd": "sshd", "go": "Go"}
STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1f2328; } .title { font-weight: 600; font-size: 15px; }
  .paper { fill: #ffffff; } .grid { stroke: #d1d9e0; stroke-width: 1; }
  .line { fill: none; stroke-width: 2.5; } .towline { --c: #0969da; } .sshd { --c: #bc4c00; } .go { --c: #1a7f37; }
  .line { stroke: var(--c); } .dot, .name { fill: var(--c); }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; } .paper { fill: #0d1117; } .grid { stroke: #30363d; }
    .towline { --c: #58a6ff; } .sshd { --c: #f0883e; } .go { --c: #3fb950; }
  }
"""


class Chart(NamedTuple):
    """A curve of `Record.curves`, and what its axes say."""

    curve: str
    file: str
    title: str
    across: str


CHARTS = (
    Chart("tunnels_memory", "benchmark-memory.svg", "Memory of the relay, MB", "idle tunnels"),
    Chart("tunnels_cpu_per_connect", "benchmark-connect.svg", "Relay CPU per connect + auth + forward, ms", "tunnels that connect"),
    Chart("tunnels_echo_p99", "benchmark-echo.svg", "Echo round trip added, p99, ms", "idle tunnels"),
    Chart("bridges_throughput", "benchmark-throughput.svg", "Bytes of all bridges together, MB/s", "bridges at once"),
    Chart("bridges_cpu_per_gb", "benchmark-bridges.svg", "Relay CPU per GB, s", "bridges at once"),
)


def drawn(result):
    """File name → SVG text of every chart that the run has samples for."""
    return {chart.file: _draw(chart, result["curves"][chart.curve]) for chart in CHARTS if chart.curve in result["curves"]}


def _ticks(low, high):
    """1, 2 and 5 times powers of ten from the one below `low` to the one above `high`; powers alone where that is many."""
    exponents = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    fine = [digit * 10.0**exponent for exponent in exponents for digit in (1, 2, 5)]
    inside = [tick for tick in fine if low / 2.5 < tick < high * 2.5]
    first = max((tick for tick in inside if tick <= low * 1.001), default=inside[0])
    last = min((tick for tick in inside if tick >= high * 0.999), default=inside[-1])
    inside = [tick for tick in inside if first <= tick <= last]
    if len(inside) <= 8:
        return inside
    return [10.0**exponent for exponent in exponents]


def _number(value):
    return f"{value:,.0f}" if value >= 1 else f"{value:g}"


def _draw(chart, curves):
    factor = report.UNITS[report.FIGURES[chart.curve].unit][0]
    # Noise can bring a difference below zero; a logarithm cannot show that.
    series = {
        relay: [(at, value) for at, samples in sorted(points.items()) if (value := report.median(samples) * factor) > 0]
        for relay, points in curves.items()
    }
    series = {relay: points for relay, points in series.items() if points}
    if not series:
        return _svg(chart, [f'<text x="{WIDTH / 2}" y="{HEIGHT / 2}" text-anchor="middle">nothing above zero was measured</text>'])
    across = sorted({at for points in series.values() for at, _ in points})
    values = [value for points in series.values() for _, value in points]
    ticks = _ticks(min(values), max(values))

    def x(at):
        low, high = math.log10(across[0]), math.log10(across[-1])
        return LEFT + (WIDTH - LEFT - RIGHT) * ((math.log10(at) - low) / (high - low) if high > low else 0.5)

    def y(value):
        low, high = math.log10(ticks[0]), math.log10(ticks[-1])
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * ((math.log10(value) - low) / (high - low) if high > low else 0.5)

    parts = []
    for tick in ticks:
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(tick):.1f}" y2="{y(tick):.1f}"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y(tick) + 4:.1f}" text-anchor="end">{_number(tick)}</text>')
    for at in across:
        parts.append(f'<line class="grid" x1="{x(at):.1f}" x2="{x(at):.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>')
        parts.append(f'<text x="{x(at):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{at:,}</text>')
    parts.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2:.0f}" y="{HEIGHT - 10}" text-anchor="middle">{escape(chart.across)}</text>')
    names = []
    for relay, points in series.items():
        path = " ".join(f"{x(at):.1f},{y(value):.1f}" for at, value in points)
        parts.append(f'<polyline class="line {relay}" points="{path}"/>')
        parts += [
            f'<circle class="dot {relay}" cx="{x(at):.1f}" cy="{y(value):.1f}" r="3.5">'
            f"<title>{escape(NAMES[relay])}, {at:,}: {value:.3g}</title></circle>"
            for at, value in points
        ]
        names.append([y(points[-1][1]), x(points[-1][0]), relay, points[-1][1]])
    # A name stands at the end of its line, with the last value; lines that end close together push theirs apart.
    names.sort()
    for above, below in zip(names, names[1:]):
        if abs(above[1] - below[1]) < RIGHT:
            below[0] = max(below[0], above[0] + 16)
    for at_y, at_x, relay, value in names:
        parts.append(f'<text class="name {relay}" x="{at_x + 9:.1f}" y="{at_y + 4:.1f}">{escape(NAMES[relay])} {value:.3g}</text>')
    return _svg(chart, parts)


def _svg(chart, parts):
    body = "\n".join(parts)
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img">
<title>{escape(chart.title)} by {escape(chart.across)}</title>
<style>{STYLE}</style>
<rect class="paper" width="{WIDTH}" height="{HEIGHT}"/>
<text class="title" x="{LEFT}" y="26">{escape(chart.title)}</text>
{body}
</svg>
"""
