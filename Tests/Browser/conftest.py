"""What every test here is given: a relay, a terminal, and somebody in front of a real browser."""

import os
import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from installation import IS_ROOT, Relay, Terminal
from looks import SCREENSHOTS
from visitor import Visitor

# A name that leads here, as an attacker's may (DNS rebinding): known to this browser only.
EVIL_HOST = "evil.test"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "root: wants accounts of its own on this machine, which only root can make")
    config.addinivalue_line("markers", "changes_nothing: saves nothing on the terminal, and shares it with others of this kind")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("root") and not IS_ROOT:
            item.add_marker(pytest.mark.skip(reason="only root can make accounts on this machine"))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Pictures of an earlier run are none of this one's."""
    if not session.config.option.collectonly and any(item.path.name == "test_pages.py" for item in session.items):
        shutil.rmtree(SCREENSHOTS, ignore_errors=True)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium. Without its sandbox, which root does not get; the pages it opens are ours."""
    path = os.environ.get("TEST_CHROMIUM") or shutil.which("chromium")
    assert path, "there is no chromium: scripts/setup --test installs it"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", f"--host-resolver-rules=MAP {EVIL_HOST} 127.0.0.1"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def relay() -> Iterator[Relay]:
    relay = Relay()
    yield relay
    relay.close()


@pytest.fixture(scope="session")
def untouched_terminal(relay: Relay) -> Iterator[Terminal]:
    """A terminal that stays as it was after its set-up: starting one takes longer than most tests."""
    terminal = Terminal(relay)
    terminal.cookies()
    yield terminal
    terminal.close()


@pytest.fixture
def terminal(request: pytest.FixtureRequest, relay: Relay) -> Iterator[Terminal]:
    """A terminal that was never set up; one that has a password and nothing else for a test that `changes_nothing`."""
    if request.node.get_closest_marker("changes_nothing"):
        terminal = request.getfixturevalue("untouched_terminal")
        yield terminal
        status = terminal.status()
        assert (status["state"], status["loginUserCount"], status.get("relay")) == ("off", 0, None), "nothing was changed"
        return
    terminal = Terminal(relay)
    yield terminal
    terminal.close()


@pytest.fixture
def visit(chromium: Browser, terminal: Terminal) -> Iterator[Callable[..., Visitor]]:
    """Sits somebody down in front of a browser: `visit(signed_in=False, language="ja")`, see `Visitor`.

    A page that breaks its own Content-Security-Policy, or any other script error, fails the test that opened it.
    """
    visitors: list[Visitor] = []

    def begin(*, of: type[Visitor] = Visitor, **circumstances) -> Visitor:
        visitors.append(of(chromium, terminal, **circumstances))
        return visitors[-1]

    yield begin
    complaints = [complaint for visitor in visitors for complaint in visitor.leave()]
    assert not complaints, "the browser complains:\n" + "\n".join(complaints)


@pytest.fixture
def visitor(visit) -> Visitor:
    """Somebody who is signed in and reads English."""
    return visit()
