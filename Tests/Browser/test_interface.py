"""The interface for programs does what its own OpenAPI document says: schemathesis tries every operation with all sorts of values."""

import json
import subprocess
import sys

from programs import environment

# Values tried for each operation: bounded, and the same in every run.
EXAMPLES = 10
SEED = 20260101
# These change the session that the test goes by; other tests here try them.
CHANGE_THE_SESSION = ["setUp", "signIn", "signOut", "changePassword"]
# A stream has no end, and this one starts the console anew under the feet of the next example.
HAVE_TESTS_OF_THEIR_OWN = ["events", "restart"]
# Seconds for all of it.
LIMIT = 900


def test_every_operation_answers_as_the_document_says(terminal):
    terminal.with_login_user()
    terminal.with_setting()
    session = terminal.session()
    document = session.get(f"{terminal.url}/api/openapi.json").json()
    operations = {operation["operationId"] for path in document["paths"].values() for operation in path.values()}
    left_out = CHANGE_THE_SESSION + HAVE_TESTS_OF_THEIR_OWN
    assert operations.issuperset(left_out), "what is left out exists"
    assert len(operations) > 20, "the console has that many"

    # The session is given as the document's security scheme, so that being without one is tried as well.
    session_key = terminal.cookies()["towline-session"]
    (terminal.folder.path / "schemathesis.toml").write_text(f'[auth.openapi.session]\napi_key = "{session_key}"\n')
    words = [
        sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()", "run", f"{terminal.url}/api/openapi.json",
        "--header", "Accept: application/json", "--max-examples", str(EXAMPLES), "--seed", str(SEED), "--generation-deterministic",
        "--phases", "examples,coverage,fuzzing", "--request-timeout", "60", "--no-color",
        # What is a relay's name, a port or a public key goes beyond what a schema says. And what no page of ours asks for is refused (403)
        # before anybody looks whether there is such a method (405).
        "--exclude-checks", "positive_data_acceptance,unsupported_method",
    ]
    for name in left_out:
        words += ["--exclude-operation-id", name]
    done = subprocess.run(words, cwd=terminal.folder.path, capture_output=True, text=True, timeout=LIMIT, env=environment())
    assert done.returncode == 0, done.stdout + done.stderr
    # The terminal is still what it was for those who use it.
    assert json.loads(terminal.command("status", "--json"))["state"] in ("off", "waiting", "connecting", "retrying", "stopped")
