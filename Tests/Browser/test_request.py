"""The flow by a pasted request: staff send one text, the customer pastes it, sees what it does, presses [Create] and [Start]."""

import re

import pytest
from playwright.sync_api import expect


@pytest.fixture
def user(terminal) -> str:
    """The login user that staff ask for."""
    return terminal.login_name


@pytest.fixture
def sheet(terminal, relay, user) -> str:
    """The whole text that staff mail to the customer, quotes and all."""
    printed = relay.ask("request", "new", terminal.name, "--login", user, "--for", "'Shop 42, ticket 7'", "--staff", "bob")
    return "Dear customer,\n\n" + re.sub("^", "> ", printed, flags=re.MULTILINE)


def test_a_pasted_request_leads_to_support_and_to_its_end(visitor, terminal, relay, user, sheet):
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
    expect(visitor.field("This terminal's public key")).to_have_value(terminal.command("key").strip())
    assert (terminal.status()["state"], terminal.status()["loginUserCount"]) == ("off", 1)

    # The first start hands the key over with the request's one-time code; staff have to approve it.
    visitor.press("Start")
    visitor.sees(visitor.status("Remote support is on. Support have this terminal's key and have to approve it."))
    fingerprint = terminal.status()["failure"]["values"]["fingerprint"]
    visitor.reads(fingerprint)
    relay.ask("approve", terminal.name, "--fingerprint", fingerprint)
    visitor.sees(visitor.status("Remote support is on. Nobody is logged in."))

    login = terminal.login(user)
    # A request calls staff's key by their name.
    visitor.sees(visitor.status("Remote support is on. {} is logged in now.", "bob"))
    visitor.reads(relay.staff.fingerprint)
    visitor.press("Stop")
    visitor.sees(visitor.status("Remote support is off."))
    assert login.ended(within=10) != 0
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
