"""The manual's whole flow, by people who differ: from nothing to support, and to its end."""

import pytest
from playwright.sync_api import expect

from installation import PASSWORD
from visitor import Typist, Visitor

PEOPLE = {
    "in_english": {},
    "in_japanese": {"language": "ja"},
    "without_a_mouse": {"of": Typist},
    "without_scripts": {"has_scripts": False},
}


@pytest.mark.parametrize("person", PEOPLE)
def test_support_comes_and_goes(visit, terminal, relay, person):
    customer: Visitor = visit(signed_in=False, **PEOPLE[person])

    # Set-up, with the code that the service printed.
    customer.open("/")
    assert customer.path == "/set-up"
    customer.fill("Setup code", terminal.setup_code)
    customer.fill("New password", PASSWORD)
    customer.fill("New password again", PASSWORD)
    customer.press("Set Up")
    customer.sees(customer.status("Remote support is off."))

    # The four things that support sent: first the login user and its key …
    user = terminal.login_name
    customer.follow("Create an SSH login user for the support staff")
    customer.fill("User name", user)
    customer.press("Create Login User")
    customer.fill("Public keys", relay.staff.line)
    customer.press("Save Changes")
    customer.sees(customer.status("SSH login user {} is saved.", user))
    customer.reads(relay.staff.fingerprint)

    # … then relay and listening port.
    customer.follow("Remote Support")
    customer.follow("Create Settings")
    customer.fill("Relay (FQDN)", "127.0.0.1")
    customer.fill("Listening port", str(terminal.listening_port))
    customer.unfold("Advanced settings")
    customer.fill("Relay ports to try in turn", str(relay.port))
    customer.press("Create")
    customer.reads(relay.fingerprint)
    customer.press("It is the same: create the settings")

    # The issued key goes to staff, who approve it.
    issued = customer.field("This terminal's public key")
    expect(issued).to_be_visible()  # the terminal has no key before the page has come
    expect(issued).to_have_value(terminal.command("key").strip())
    if customer.has_scripts:
        customer.press("Copy")
        customer.sees(customer.status("Copied"))
        assert customer.page.evaluate("navigator.clipboard.readText()") == issued.input_value()
    terminal.approve(issued.input_value())

    # At the agreed time.
    customer.press("Start")
    customer.sees(customer.page.get_by_role("list", name=customer.say("How far the connection is")))
    customer.sees(customer.status("Remote support is on. Nobody is logged in."))
    login = terminal.login(user)
    customer.sees(customer.status("Remote support is on. {} is logged in now.", relay.staff.name))
    customer.reads(relay.staff.fingerprint)

    # The end, while staff are in.
    customer.press("Stop")
    customer.sees(customer.status("Remote support is off."))
    assert login.ended(within=10) != 0
    assert terminal.status()["state"] == "off"
