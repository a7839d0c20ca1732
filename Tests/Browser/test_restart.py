"""What is saved and what is in effect: the restart bar, and what a restart of the service leaves on."""

import re

import requests
from playwright.sync_api import expect

ON = "Remote support is on. Nobody is logged in."


def bar(visitor):
    return visitor.page.get_by_role("status").filter(has_text="A restart is needed for a saved change to take effect")


def change(visitor, field: str, value: str) -> None:
    visitor.open("/remote-support/change")
    visitor.fill(field, value)
    visitor.press("Save Changes")
    visitor.sees(visitor.status("The settings are saved."))


def test_the_bar_comes_with_a_change_that_is_not_in_effect_and_goes_with_it(visitor, terminal, relay):
    user = terminal.open()
    ports = str(relay.port)
    change(visitor, "Relay ports to try in turn", f"{ports},443")
    visitor.sees(bar(visitor))
    expect(bar(visitor)).to_contain_text("relay")
    # On every page, until the change is taken back …
    visitor.open("/log")
    visitor.sees(bar(visitor))
    change(visitor, "Relay ports to try in turn", ports)
    expect(bar(visitor)).to_have_count(0)
    # … or is put into effect.
    change(visitor, "Relay ports to try in turn", f"{ports},443")
    visitor.press("Restart")
    expect(bar(visitor)).to_have_count(0)
    terminal.reaches("waiting")
    visitor.open("/")
    visitor.sees(visitor.status(ON))
    expect(bar(visitor)).to_have_count(0)
    terminal.login(user).end()


def test_another_relay_is_compared_before_it_is_saved(visitor, terminal, relay):
    terminal.with_setting()
    visitor.open("/remote-support/change")
    visitor.fill("Relay (FQDN)", "localhost")
    visitor.press("Save Changes")
    visitor.reads(relay.fingerprint)
    assert terminal.status()["relay"].startswith("127.0.0.1")
    visitor.press("It is the same: save")
    visitor.sees(visitor.status("The settings are saved."))
    assert terminal.status()["relay"].startswith("localhost")


def test_a_change_while_support_is_off_needs_no_restart(visitor, terminal, relay):
    terminal.with_setting()
    change(visitor, "Relay ports to try in turn", f"{relay.port},443")
    expect(bar(visitor)).to_have_count(0)


def test_a_host_name_is_allowed_after_the_restart_and_not_before(visitor, terminal):
    def answered() -> int:
        return requests.get(f"{terminal.url}/sign-in", headers={"Host": "shop.example.org"}, timeout=60).status_code

    assert answered() == 421
    visitor.open("/system")
    visitor.fill("Allowed host names", "shop.example.org")
    visitor.page.get_by_role("region", name="This console").get_by_role("button", name="Save Changes").click()
    visitor.sees(visitor.status("The settings of the console are saved."))
    visitor.sees(bar(visitor))
    expect(bar(visitor)).to_contain_text("console")
    assert answered() == 421
    visitor.press("Restart")
    visitor.reads("The console restarts")
    visitor.page.get_by_role("main").get_by_role("link", name="Home").click()
    visitor.sees(visitor.status("Remote support is off."))
    expect(bar(visitor)).to_have_count(0)
    assert answered() == 200


def set_auto_start(visitor, button: str, words: str) -> None:
    visitor.open("/remote-support")
    visitor.press(button)
    visitor.reads(words)


def test_support_comes_back_with_the_service_where_auto_start_is_on(visitor, terminal):
    user = terminal.open()
    set_auto_start(visitor, "Switch on", "Auto-start is on.")
    terminal.restart()
    terminal.reaches("waiting")
    terminal.login(user).end()
    # The page that was open has noticed: the session ended with the service.
    visitor.sees(visitor.page.get_by_role("button", name="Sign In"))


def test_support_stays_off_after_a_restart_of_the_service_where_auto_start_is_off(visitor, terminal):
    terminal.open()
    visitor.open("/remote-support")
    visitor.reads("Auto-start is off.")
    visitor.reads(re.compile("^Normally leave this off"))
    terminal.restart()
    assert terminal.status()["state"] == "off"
    visitor.sign_in_silently()
    visitor.open("/")
    visitor.sees(visitor.status("Remote support is off."))


def test_support_that_was_stopped_stays_off_whatever_auto_start_says(visitor, terminal):
    terminal.open()
    set_auto_start(visitor, "Switch on", "Auto-start is on.")
    terminal.command("stop")
    terminal.restart()
    assert terminal.status()["state"] == "off"
