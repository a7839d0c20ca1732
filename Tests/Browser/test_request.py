"""The flow by a pasted request: staff send one text, the customer pastes it, sees what it does, and presses [Create]."""

import re

import pytest
from playwright.sync_api import expect


@pytest.fixture
def sheet(terminal, relay) -> str:
    """The whole text that staff mail to the customer, quotes and all."""
    printed = relay.command("request", "new", terminal.name, "--login", terminal.login_name, "--for", "Shop 42, ticket 7", "--staff", "bob")
    return "Dear customer,\n\n" + re.sub("^", "> ", printed, flags=re.MULTILINE)


def test_a_pasted_request_does_everything_but_start(visitor, terminal, relay, sheet):
    visitor.open("/")
    visitor.follow("Paste a Request")
    visitor.fill("Request from support", sheet)
    visitor.press("Show what it does")
    # What it would do is seen, and nothing is done.
    visitor.reads(relay.staff.fingerprint)
    visitor.reads(relay.fingerprint)
    visitor.reads(str(terminal.listening_port))
    assert terminal.status()["loginUserCount"] == 0
    visitor.press("Create")
    visitor.sees(visitor.status("The login user and the settings are saved."))
    issued = visitor.field("This terminal's public key")
    expect(issued).to_have_value(terminal.command("key").strip())
    assert terminal.status()["relay"].startswith("relay.example.org")
    assert terminal.status()["loginUserCount"] == 1
    assert terminal.status()["state"] == "off"


def test_a_request_that_was_changed_on_the_way_is_refused(visitor, terminal, sheet):
    line = re.search(r"towline:1:\S+", sheet).group()
    middle = len(line) // 2
    broken = line[:middle] + ("A" if line[middle] != "A" else "B") + line[middle + 1:]
    visitor.open("/request")
    visitor.fill("Request from support", broken)
    visitor.press("Show what it does")
    visitor.reads_error("Request from support", "changed on the way")
    assert terminal.status()["loginUserCount"] == 0
