"""The interface for programs does what its own OpenAPI document says: schemathesis tries every operation with all sorts of values."""

import json
import subprocess
import sys

import pytest

from installation import PASSWORD
from programs import environment

# Values tried for each operation: bounded, and the same in every run.
EXAMPLES = 10
SEED = 20260101
# Seconds for all of it.
LIMIT = 900

# The one operation that is left out: a stream has no end, and schemathesis waits for the end of every answer. `test_strangers` and the
# console's own tests have it.
LEFT_OUT = ["events"]
# These end the session that they go by, or might start the console anew after what others have changed: they are tried on their own, with
# a new session for each that has ended.
ON_THEIR_OWN = ["signOut", "restart"]
# What these refuse (422) no schema can say: whether a text is a public key, a request, the name of a relay or of this machine; whether two
# passwords are the same; whether a limit that was set leaves more time to give or take. And one is where a form of people's leads, whose
# name for a login user is judged by the page.
JUDGE_TEXT = [
    "newLoginUserPage", "createLoginUser", "changeLoginUser", "createSetting", "changeSetting", "previewRequest", "applyRequest", "changeSystem",
    "changePassword", "extendSupport", "shortenSupport",
]


@pytest.fixture
def ready(terminal):
    """A terminal with everything that there is to change."""
    terminal.with_login_user()
    terminal.with_setting()
    terminal.cookies()
    return terminal


def schemathesis(terminal, session: str, *words: str) -> None:
    """Runs schemathesis, which must find nothing.

    - `session`: how it gets the session of the document's security scheme, so that being without one is tried as well.
    """
    (terminal.folder.path / "schemathesis.toml").write_text(f"""
        {session}
        [[operations]]
        include-operation-id = {json.dumps(JUDGE_TEXT)}
        checks.positive_data_acceptance.expected-statuses = ["2xx", "3xx", "401", "404", "409", "422", "429"]
    """)
    run = [
        sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()", "run", f"{terminal.url}/api/openapi.json",
        "--header", "Accept: application/json", "--max-examples", str(EXAMPLES), "--seed", str(SEED), "--generation-deterministic",
        "--phases", "examples,coverage,fuzzing", "--request-timeout", "60", "--no-color", *words,
    ]
    done = subprocess.run(run, cwd=terminal.folder.path, capture_output=True, text=True, timeout=LIMIT, env=environment())
    assert done.returncode == 0, done.stdout + done.stderr


def without(operations: list[str]) -> list[str]:
    return [word for name in operations for word in ("--exclude-operation-id", name)]


def test_every_operation_answers_as_the_document_says(ready):
    document = ready.session().get(f"{ready.url}/api/openapi.json").json()
    operations = {operation["operationId"] for path in document["paths"].values() for operation in path.values()}
    assert operations.issuperset(LEFT_OUT + ON_THEIR_OWN + JUDGE_TEXT), "what is named here exists"
    session = f'[auth.openapi.session]\napi_key = "{ready.cookies()["towline-session"]}"'
    schemathesis(ready, session, *without(LEFT_OUT + ON_THEIR_OWN))
    # The terminal is still what it was for those who use it.
    assert ready.status()["state"] in ("off", "waiting", "connecting", "retrying", "stopped")


def test_operations_that_end_what_others_go_by_answer_as_the_document_says(ready):
    session = f"""
        [auth.dynamic.openapi.session]
        path = "/sign-in"
        payload = {{ password = "{PASSWORD}" }}
        extract_from = "cookie"
        extract_selector = "towline-session"
    """
    schemathesis(ready, session, *[word for name in ON_THEIR_OWN for word in ("--include-operation-id", name)])
