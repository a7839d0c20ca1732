"""While remote support is on: who is in, how long, how it ends."""

import re

import pytest
from playwright.sync_api import expect

from installation import KeyPair

ON = "Remote support is on. Nobody is logged in."


def test_one_login_is_ended_and_support_stays_on(visitor, terminal, relay):
    user = terminal.open()
    visitor.open("/")
    visitor.sees(visitor.status(ON))
    login = terminal.login(user)
    visitor.sees(visitor.status("Remote support is on. {} is logged in now.", relay.staff.name))
    who = visitor.page.get_by_role("region", name="Who is logged in now")
    expect(who).to_contain_text(user)
    expect(who).to_contain_text(relay.staff.fingerprint)
    expect(who).to_contain_text("a single command")
    visitor.press("End this login")
    assert login.ended(within=10) != 0
    visitor.sees(visitor.status(ON))


def test_a_login_that_ends_by_itself_leaves_the_page(visitor, terminal, relay):
    user = terminal.open()
    login = terminal.login(user)
    visitor.open("/")
    visitor.sees(visitor.status("Remote support is on. {} is logged in now.", relay.staff.name))
    login.end()
    visitor.sees(visitor.status(ON))


# How many come at once, each with a key and an address of their own (all of 127.0.0.0/8 is this machine).
AT_ONCE = 4


def test_of_many_who_come_at_once_each_is_shown_with_where_they_come_from(visitor, terminal, relay):
    user = terminal.open()
    staff = {f"127.0.0.{10 + number}": KeyPair(terminal.folder.path, f"staff-{number}@support") for number in range(AT_ONCE)}
    keys = "".join(key.line + "\n" for key in staff.values())
    terminal.command("login-user", "change", user, "--key", "-", text=keys)
    logins = [terminal.begin_login(user, key, address) for address, key in staff.items()]
    visitor.open("/")
    who = visitor.page.get_by_role("region", name="Who is logged in now")
    for address, key in staff.items():
        visitor.sees(who.get_by_role("listitem").filter(has_text=key.name).filter(has_text=f"{address} (as the relay says)"))
    assert {login["who"]: login["from"] for login in terminal.status()["logins"]} == {key.name: address for address, key in staff.items()}
    visitor.open("/log")
    address, key = next(iter(staff.items()))
    visitor.reads(f"{key.name} logged in as {user} from {address} (as the relay says)")
    for login in logins:
        login.end()


@pytest.mark.root
def test_two_people_are_counted_and_each_can_be_ended(visitor, terminal, relay):
    user = terminal.open()
    first, second = terminal.login(user), terminal.login(user)
    visitor.open("/")
    visitor.sees(visitor.status("Remote support is on. 2 people are logged in now."))
    visitor.page.get_by_role("button", name="End this login").first.click()
    visitor.sees(visitor.status("Remote support is on. {} is logged in now.", relay.staff.name))
    visitor.press("End this login")
    visitor.sees(visitor.status(ON))
    assert first.ended(within=10) != 0
    assert second.ended(within=10) != 0


def test_deleting_the_login_user_ends_its_logins(visitor, terminal):
    user = terminal.open()
    login = terminal.login(user)
    visitor.open(f"/login-users/{user}")
    visitor.follow("Delete")
    visitor.reads("end at once" if terminal.makes_accounts else "Your own account stays")
    visitor.press("Delete")
    visitor.sees(visitor.status(f"SSH login user {user} is deleted."))
    assert login.ended(within=10) != 0


def test_the_time_left_is_shown_extended_and_shortened(visitor, terminal):
    terminal.with_login_user()
    terminal.with_setting()

    def reads_time(pattern: str) -> None:
        visitor.reads(re.compile(rf"Ends by itself in\s+{pattern}"))

    visitor.open("/remote-support")
    visitor.choose("For how long", "2 hours")
    visitor.press("Start")
    reads_time(r"(2 hours|1 hour 59 minutes)")
    visitor.choose("Change the time left by", "4 hours")
    visitor.press("Extend")
    reads_time(r"(6 hours|5 hours 59 minutes)")
    visitor.choose("Change the time left by", "15 minutes")
    visitor.press("Shorten")
    reads_time(r"5 hours 4[45] minutes")
    # What cannot be is said, and what is on stays on.
    visitor.choose("Change the time left by", "1 day")
    visitor.press("Shorten")
    visitor.reads("to end it at once press [Stop]")
    assert terminal.status()["state"] != "off"
    reads_time(r"5 hours 4[45] minutes")
    terminal.command("start", "--for", "708h")  # 29 days and a half
    visitor.choose("Change the time left by", "1 day")
    visitor.press("Extend")
    visitor.reads("The longest limit is 30 days")
    reads_time("29 days")


def test_a_choice_stays_while_the_page_changes_around_it(visitor, terminal, relay):
    terminal.open()
    visitor.open("/remote-support")
    visitor.reads("Connected to the relay for")
    visitor.choose("Change the time left by", "4 hours")
    visitor.field("Change the time left by").focus()
    relay.stop()
    try:
        visitor.reads("Next try in")
    finally:
        relay.start()
    visitor.reads("Connected to the relay for")
    field = visitor.field("Change the time left by")
    expect(field.locator("option:checked")).to_have_text("4 hours")
    expect(field).to_be_focused()


def test_lengths_of_time_go_on_while_nothing_else_happens(visitor, terminal):
    user = terminal.open()
    login = terminal.login(user)
    visitor.open("/")
    for grows in (
        visitor.page.get_by_text("Connected to the relay for").locator("[data-countup]"),
        visitor.page.get_by_role("region", name="Who is logged in now").locator("[data-countup]"),
    ):
        before = grows.inner_text()
        expect(grows).not_to_have_text(before)
    login.end()


def test_a_page_is_fetched_once_when_its_stream_opens(visitor, terminal):
    fetched: list[str] = []
    visitor.page.on("request", lambda request: request.resource_type == "fetch" and fetched.append(request.url))
    page = visitor.page
    with page.expect_response("**/events"), page.expect_event("requestfinished", lambda request: request.resource_type == "fetch"):
        visitor.open("/")
    # Another fetch that followed the first one would be on its way before this one is answered.
    page.evaluate("fetch('/api/openapi.json').then((answer) => answer.text())")
    assert fetched == [f"{terminal.url}/", f"{terminal.url}/api/openapi.json"]


# More than the six connections that a browser has to a host.
MANY_TABS = 8


def test_with_many_tabs_stop_arrives_and_every_tab_shows_it(visitor, terminal):
    terminal.open()
    tabs = [visitor.page] + [visitor.context.new_page() for _ in range(MANY_TABS - 1)]
    for tab in tabs:
        tab.goto("/")
        expect(tab.get_by_role("status").filter(has_text=ON).first).to_be_visible()
    tabs[3].get_by_role("button", name="Stop", exact=True).click()
    terminal.reaches("off")
    for tab in tabs:
        expect(tab.get_by_role("status").filter(has_text="Remote support is off.").first).to_be_visible()
    # The tab that held the stream for all of them is closed: another one does.
    tabs[0].close()
    terminal.command("start", "--for", "1h")
    for tab in tabs[1:]:
        expect(tab.get_by_role("status").filter(has_text=ON).first).to_be_visible()
    visitor.page = tabs[1]


def test_until_i_stop_it_is_an_explicit_choice(visitor, terminal):
    terminal.with_login_user()
    terminal.with_setting()
    visitor.open("/remote-support")
    expect(visitor.field("For how long").locator("option:checked")).to_have_text("8 hours (recommended)")
    visitor.choose("For how long", "Until I stop it")
    visitor.press("Start")
    visitor.reads("Stays on until you stop it")
    expect(visitor.page.get_by_role("button", name="Extend")).to_have_count(0)


def test_every_page_stops_support(visitor, terminal):
    terminal.open()
    visitor.open("/log")
    visitor.press("Stop")
    visitor.sees(visitor.status("Remote support is off."))
    terminal.reaches("off")


def test_a_relay_that_goes_and_comes_back_is_seen_in_the_page(visitor, terminal, relay):
    terminal.open()
    visitor.open("/remote-support")
    visitor.sees(visitor.status(ON))
    relay.stop()
    try:
        visitor.sees(visitor.status("Remote support is on, but not connected. It is tried again by itself."))
        visitor.reads("Next try in")
    finally:
        relay.start()
    visitor.sees(visitor.status(ON))


def test_the_log_tells_what_happened_and_by_whom_and_can_be_taken_along(visitor, terminal, relay):
    user = terminal.open()
    terminal.login(user).end()
    terminal.command("stop")
    visitor.open("/log")
    entries = visitor.page.get_by_role("row")
    visitor.sees(entries.filter(has_text=f"{relay.staff.name} (support staff)").first)
    visitor.sees(entries.filter(has_text="customer, by command").first)
    visitor.choose("Kind", "SSH login users")
    visitor.press("Filter")
    visitor.sees(entries.filter(has_text=user).first)
    expect(entries.filter(has_text="support staff")).to_have_count(0)
    visitor.open("/log?text=no-such-thing-ever")
    visitor.reads("There is nothing in the log that fits.")
    visitor.open("/log")
    with visitor.page.expect_download() as download:
        visitor.follow("Download as CSV")
    text = download.value.path().read_text("utf-8-sig")
    assert text.startswith('"When","Kind","What happened","By whom"')
    assert relay.staff.name in text
