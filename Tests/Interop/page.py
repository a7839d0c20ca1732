"""Writes docs/interop.md from a run."""

import datetime
import platform
import subprocess

COLUMNS = ("kex", "cipher", "mac", "user key", "wrong key", "transfer", "rekeys")
TITLES = ("key exchange", "ciphers", "MACs", "user keys", "wrong key", "transfer", "rekeys in it")
# Names without their domain: the table is wide enough.
DOMAINS = ("@openssh.com", "@libssh.org")


def short(name):
    for domain in DOMAINS:
        if name != "curve25519-sha256@libssh.org":
            name = name.replace(domain, "")
    return name


def summary(cells):
    """One cell of the table: how many passed, and which did not."""
    tried = [cell for cell in cells if cell.passed is not None]
    if not tried:
        return "–"
    failed = [cell for cell in tried if not cell.passed]
    if failed:
        return "**failed:** " + ", ".join(short(cell.what) for cell in failed)
    if len(tried) == 1:
        return tried[0].note if tried[0].column == "rekeys" else tried[0].what
    return f"all {len(tried)}"


def write(path, cells, versions, missing, kinds, algorithms):
    openssl = subprocess.run(["dpkg-query", "-W", "-f", "libcrypto ${Version}", "libssl3"], capture_output=True, text=True).stdout.strip()
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True).stdout.strip()
    now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="minutes")
    lines = [
        "# Interoperation",
        "",
        "Made by `scripts/interop`, which tries each client as a terminal (`-R`) and as staff (a channel through the relay to a",
        "real `sshd` behind a tunnel, stock OpenSSH inside). Bytes that went there and back are compared by SHA-256. libssh2-pypi is",
        "our program for libssh2 on the library of the PyPI wheel ssh2-python, because Debian 12's libssh2 is too old for the relay.",
        "",
        f"Run {now}, Towline {commit}, {openssl}, Linux {platform.release()}, {platform.machine()}.",
        "",
        "The relay offered: " + "; ".join(f"{kind} " + ", ".join(f"`{name}`" for name in names) for kind, names in algorithms.items()) + ".",
        "",
        "| client | as | " + " | ".join(TITLES) + " |",
        "|---|---|" + "---|" * len(COLUMNS),
    ]
    for kind in kinds:
        if kind.name in missing:
            lines.append(f"| {kind.name} | both | **not installed where this ran** |" + " |" * (len(COLUMNS) - 1))
            continue
        for part in ("terminal", "staff"):
            mine = [cell for cell in cells if cell.client == kind.name and cell.part == part]
            shown = [summary([cell for cell in mine if cell.column == column]) for column in COLUMNS]
            lines.append(f"| {versions[kind.name]}{' (PyPI)' if kind.name.endswith('-pypi') else ''} | {part} | " + " | ".join(shown) + " |")
    lines += ["", "## What was tried, by name", ""]
    for kind in kinds:
        tried = {}
        for cell in cells:
            if cell.client == kind.name and cell.part == "staff" and cell.passed is not None and cell.column in ("kex", "cipher", "mac", "user key"):
                tried.setdefault(cell.column, []).append(f"`{short(cell.what)}`")
        if tried:
            lines.append(f"- **{kind.name}**: " + "; ".join(f"{column}: {', '.join(names)}" for column, names in tried.items()))
    lines += ["", "## What a client cannot do", ""]
    for kind in kinds:
        sentences = [f"{short(cell.what)}: {cell.note}" for cell in cells if cell.client == kind.name and cell.passed is None and cell.column != "rekeys"]
        sentences = list(dict.fromkeys(sentences)) + ([] if kind.name in missing else list(kind.limits))
        lines += [f"- **{kind.name}**: {sentence}." for sentence in sentences]
    lines += ["", "## Over the bridge", "", "| what | | |", "|---|---|---|"]
    for cell in cells:
        if cell.column in ("tools", "audit"):
            lines.append(f"| {cell.what} | {'yes' if cell.passed else '**no**'} | {cell.note} |")
    with open(path, "w") as file:
        file.write("\n".join(lines) + "\n")
