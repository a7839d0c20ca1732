"""What ssh-audit says of the running relay. Rows: (what, passed, note, seconds)."""

import json
import subprocess
import time

from stage import SSH_AUDIT

# Warnings that are known, each with why it stands. Anything else that ssh-audit warns of is a miss.
NO_ML_KEM = "mlkem768x25519-sha256 comes first where libcrypto has ML-KEM (3.5); this machine's has not"
KNOWN = {"curve25519-sha256": NO_ML_KEM, "curve25519-sha256@libssh.org": NO_ML_KEM}
# What it says of the whole, by a part of the sentence.
KNOWN_NOTES = {
    "all peers must also support this feature": "clients without strict key exchange (P13) are served, and told of once a version",
    "Potentially insufficient connection throttling": "it counts connections, which cost next to nothing here; key exchanges are what a source is penalised for (scripts/faults, R04)",
}


def _findings(text):
    """Algorithms seen, failures, warnings by algorithm, and sentences about the whole."""
    found = json.loads(text)
    algorithms, fails, warnings = [], [], {}
    for kind in ("kex", "key", "enc", "mac"):
        for algorithm in found[kind]:
            name, notes = algorithm["algorithm"], algorithm["notes"]
            algorithms.append(name)
            fails += [f"{name}: {sentence}" for sentence in notes.get("fail", [])]
            if notes.get("warn"):
                warnings[name] = notes["warn"]
    return algorithms, fails, warnings, found["additional_notes"]


def run(stage):
    started = time.monotonic()
    done = subprocess.run([SSH_AUDIT, "-j", "-p", str(stage.relay.port), "127.0.0.1"], capture_output=True, text=True, timeout=120)
    took = time.monotonic() - started
    algorithms, fails, warnings, notes = _findings(done.stdout)
    rows = [("ssh-audit 3.9: no fail", bool(algorithms) and not fails, " / ".join(fails) or f"{len(algorithms)} algorithms seen", took)]
    for name, sentences in warnings.items():
        rows.append((f"ssh-audit warns of {name}: {'; '.join(sentences)}", name in KNOWN, KNOWN.get(name, "not documented"), took))
    for sentence in notes:
        known = next((why for part, why in KNOWN_NOTES.items() if part in sentence), None)
        rows.append((f"ssh-audit notes: {sentence.split('.')[0]}", known is not None, known or "not documented", took))
    for what, passed, note, _ in rows:
        print(f"  ssh-audit          {what:<60} {'ok' if passed else 'FAILED'} {note}", flush=True)
    return rows
