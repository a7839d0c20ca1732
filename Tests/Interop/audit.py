"""What ssh-audit says of the running relay. Rows: (what, passed, note, seconds)."""

import re
import shutil
import subprocess
import time

# Warnings that are known, each with why it stands. Anything else that ssh-audit warns of is a miss.
KNOWN = {
    "kex-strict-s-v00@openssh.com": "not an algorithm but the server's mark of strict key exchange (against Terrapin), newer than this ssh-audit",
}


def run(stage):
    started = time.monotonic()
    if not shutil.which("ssh-audit"):
        return [("ssh-audit", False, "not installed here (scripts/setup --interop brings it)", 0.0)]
    text = subprocess.run(["ssh-audit", "-n", "-p", str(stage.relay.port), "127.0.0.1"], capture_output=True, text=True, timeout=120).stdout
    took = time.monotonic() - started
    version = subprocess.run(["ssh-audit", "--help"], capture_output=True, text=True)
    version = re.search(r"v[\d.]+", version.stdout + version.stderr)
    algorithms = set(re.findall(r"^\((?:kex|key|enc|mac)\) (\S+)", text, re.M))
    fails = sorted({line.strip() for line in text.splitlines() if "[fail]" in line})
    # A finding without a name belongs to the line above it.
    warned, name = {}, ""
    for line in text.splitlines():
        found = re.match(r"\((?:kex|key|enc|mac)\) (\S+)", line)
        name = found[1] if found else name
        if "[warn]" in line:
            warned.setdefault(name, []).append(line.split("[warn]")[1].strip())
    rows = [(f"ssh-audit {version[0] if version else ''}: no fail", bool(algorithms) and not fails, " / ".join(fails) or f"{len(algorithms)} algorithms seen", took)]
    for name, sentences in warned.items():
        rows.append((f"ssh-audit warns of {name}", name in KNOWN, KNOWN.get(name, "not documented: ") + ("" if name in KNOWN else "; ".join(sentences)), took))
    for what, passed, note, seconds in rows:
        print(f"  ssh-audit          {what:<60} {'ok' if passed else 'FAILED'} {note}", flush=True)
    return rows
