"""What a person can do wrong on each page: it is said where it is, what to do is said, and nothing that was typed is lost."""

import re

import pytest
from playwright.sync_api import expect

from installation import PASSWORD, KeyPair
from programs import free_port

PROBLEM = "This did not work"


def alert(visitor):
    """What is said at once, above the form."""
    return visitor.page.get_by_role("alert").filter(has_text=PROBLEM)


# Set-up and sign-in


def test_set_up_says_what_is_wrong_with_code_and_password(visit, terminal):
    visitor = visit(signed_in=False)

    def set_up(code: str, password: str, again: str) -> None:
        visitor.open("/set-up")
        visitor.fill("Setup code", code)
        visitor.fill("New password", password)
        visitor.fill("New password again", again)
        visitor.press("Set Up")
        visitor.sees(alert(visitor))

    set_up("AAAA-BBBB-CCCC", PASSWORD, PASSWORD)
    visitor.reads_error("Setup code", "The setup code is wrong.")
    expect(visitor.field("Setup code")).to_have_value("AAAA-BBBB-CCCC")
    set_up(terminal.setup_code, PASSWORD, "something else")
    visitor.reads_error("New password again", "The two new passwords differ.")
    set_up(terminal.setup_code, "too short", "too short")
    visitor.reads_error("New password", "at least 10 characters")
    visitor.open("/")
    assert visitor.path == "/set-up", "nothing was set"


def test_a_wrong_password_is_said_and_many_make_strangers_wait_but_not_a_known_browser(visit, terminal):
    known = visit()
    stranger = visit(signed_in=False)
    stranger.open("/log")
    assert stranger.path == "/sign-in"
    stranger.fill("Password", "not the password")
    stranger.press("Sign In")
    stranger.reads_error("Password", "The password is wrong.")
    known.open("/log")
    known.sees(known.page.get_by_role("row").filter(has_text="Wrong password").filter(has_text="somebody at 127.0.0.1").first)

    # W04: guesses are slowed down …
    for _ in range(30):
        stranger.fill("Password", "not the password")
        stranger.press("Sign In")
        stranger.sees(alert(stranger))
        if "Too many wrong tries" in stranger.text:
            break
    assert re.search(r"Too many wrong tries\. Wait \d+ \w+ and try again", stranger.text)
    stranger.fill("Password", PASSWORD)
    stranger.press("Sign In")
    stranger.reads("Too many wrong tries")

    # … while the browser that was here before gets in.
    known.open("/")
    known.press("Sign out")
    assert known.path == "/sign-in"
    known.fill("Password", PASSWORD)
    known.press("Sign In")
    known.sees(known.status("Remote support is off."))


def test_sign_in_leads_to_the_page_that_was_asked_for(visit, terminal):
    terminal.cookies()
    visitor = visit(signed_in=False)
    visitor.open("/log")
    visitor.fill("Password", PASSWORD)
    visitor.press("Sign In")
    visitor.sees(visitor.page.get_by_role("heading", name="Log"))
    assert visitor.path == "/log"


@pytest.mark.changes_nothing
def test_a_session_that_is_over_leads_to_sign_in_and_changes_nothing(visitor):
    visitor.open("/remote-support/new")
    visitor.fill("Relay (FQDN)", "relay.example.org")
    visitor.fill("Listening port", "41001")
    visitor.context.clear_cookies(name="towline-session")
    visitor.press("Create")
    visitor.sees(visitor.page.get_by_role("button", name="Sign In"))
    visitor.sees(visitor.status("You had been signed out, so this was not done and nothing was saved."))
    visitor.fill("Password", PASSWORD)
    visitor.press("Sign In")
    visitor.reads("There are no settings yet.")
    assert visitor.path == "/remote-support"


# SSH login users


@pytest.mark.changes_nothing
def test_a_name_that_is_none_is_refused_with_the_rule(visitor):
    visitor.open("/login-users")
    visitor.fill("User name", "Bad Name!")
    visitor.press("Create Login User")
    visitor.reads_error("User name", "is not a login user name")
    expect(visitor.field("User name")).to_have_value("Bad Name!")


@pytest.mark.root
@pytest.mark.changes_nothing
def test_an_account_that_this_machine_had_before_is_left_alone(visitor, relay):
    visitor.open("/login-users")
    visitor.fill("User name", "daemon")
    visitor.press("Create Login User")
    visitor.fill("Public keys", relay.staff.line)
    visitor.press("Save Changes")
    visitor.reads_error("User name", "already has an account")
    expect(visitor.field("Public keys")).to_have_value(re.compile(re.escape(relay.staff.line)))


BAD_KEYS = {
    "broken": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA broken",
    "no_key": "hello, this is my key",
    "with_options": 'command="true" ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPv0PFvbIVO2xNE1jtUSTYSNR2Zl2Af8xCmZfMxvXaY x',
    "weak": "ssh-dss AAAAB3NzaC1kc3MAAACBAMwXQ== old",
}


@pytest.mark.changes_nothing
@pytest.mark.parametrize("kind", BAD_KEYS)
def test_a_bad_key_is_named_by_its_line_and_all_lines_stay(visitor, terminal, relay, kind):
    typed = f"{relay.staff.line}\n\n{BAD_KEYS[kind]}"
    visitor.open(f"/create-login-user?name={terminal.login_name}")
    visitor.fill("Public keys", typed)
    visitor.press("Save Changes")
    visitor.sees(alert(visitor))
    visitor.reads_error("Public keys", re.compile("[Ll]ine 3: "))
    expect(visitor.field("Public keys")).to_have_value(typed)
    visitor.open("/login-users")
    visitor.reads("There is no SSH login user yet.")


@pytest.mark.changes_nothing
def test_a_private_key_is_refused_and_not_shown_again(visitor, terminal, relay):
    visitor.open(f"/create-login-user?name={terminal.login_name}")
    visitor.fill("Public keys", relay.staff.path.read_text())
    visitor.press("Save Changes")
    visitor.reads_error("Public keys", re.compile("private key"))
    secret = relay.staff.path.read_text().splitlines()[2]
    assert secret not in visitor.page.content()


def test_of_several_keys_only_the_private_one_is_taken_out(visitor, terminal, relay):
    other = KeyPair(terminal.folder.path, "carol@support")
    private = relay.staff.path.read_text().strip()
    visitor.open(f"/create-login-user?name={terminal.login_name}")
    visitor.fill("Public keys", f"{relay.staff.line}\n{private}\n{other.line}")
    visitor.press("Save Changes")
    visitor.reads_error("Public keys", "Line 2 is a private key")
    left = visitor.field("Public keys").input_value()
    assert [line for line in left.splitlines() if line] == [relay.staff.line, other.line]
    # What is left is what is saved.
    visitor.press("Save Changes")
    visitor.reads(other.fingerprint)


def test_unsaved_changes_are_said_and_not_lost_silently(visitor, terminal):
    user = terminal.with_login_user()
    visitor.open(f"/login-users/{user}")
    unsaved = visitor.page.get_by_text("There are changes that are not saved yet.")
    expect(unsaved).to_be_hidden()
    visitor.field("Public keys").press("End")
    visitor.page.keyboard.type("x")
    expect(unsaved).to_be_visible()
    asked = []
    visitor.page.once("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    visitor.follow("Log")
    expect(unsaved).to_be_visible()
    assert asked == ["beforeunload"]
    assert visitor.path == f"/login-users/{user}"


def test_of_two_tabs_the_second_is_told_and_keeps_its_text(visitor, terminal, relay):
    user = terminal.with_login_user()
    other = KeyPair(terminal.folder.path, "carol@support")
    third = KeyPair(terminal.folder.path, "dave@support")
    visitor.open(f"/login-users/{user}")
    visitor.fill("Public keys", f"{relay.staff.line}\n{other.line}")
    second = visitor.page.context.new_page()
    second.goto(f"/login-users/{user}")
    visitor.press("Save Changes")
    visitor.sees(visitor.status(f"SSH login user {user} is saved."))

    visitor.page = second
    visitor.fill("Public keys", third.line)
    visitor.press("Save Changes")
    visitor.sees(visitor.page.get_by_role("alert").filter(has_text="changed elsewhere"))
    expect(visitor.field("Public keys")).to_have_value(third.line)
    visitor.sees(visitor.page.get_by_role("region", name="Saved now").get_by_text(other.fingerprint))
    # Having seen both, theirs may win.
    visitor.press("Save mine over it")
    visitor.sees(visitor.status(f"SSH login user {user} is saved."))
    assert third.line in terminal.command("login-user", "keys", user, "--json")
    assert other.line not in terminal.command("login-user", "keys", user, "--json")


# Remote support


@pytest.mark.changes_nothing
@pytest.mark.parametrize("port", ["80", "abc", "70000"])
def test_a_listening_port_that_is_none_is_refused_and_the_rest_stays(visitor, port):
    visitor.open("/remote-support/new")
    visitor.fill("Relay (FQDN)", "relay.example.org")
    visitor.fill("Listening port", port)
    visitor.press("Create")
    visitor.reads_error("Listening port", "is not a listening port")
    expect(visitor.field("Listening port")).to_have_value(port)
    expect(visitor.field("Relay (FQDN)")).to_have_value("relay.example.org")


@pytest.mark.changes_nothing
def test_every_field_of_the_settings_says_what_is_wrong_with_it(visitor):
    for field, value, error in [
        ("Relay (FQDN)", "bad!name", "is not a relay address"),
        ("Relay ports to try in turn", "22,banana", "are no ports of a relay"),
        ("Relay fingerprint", "SHA256:short", "is not a fingerprint"),
        ("Proxy", "ftp://proxy.example.org", "is not a proxy"),
        ("Proxy", "proxy.example.org", "is not a proxy"),
    ]:
        visitor.open("/remote-support/new")
        visitor.fill("Relay (FQDN)", "relay.example.org")
        visitor.fill("Listening port", "41001")
        visitor.unfold("Advanced settings")
        visitor.fill(field, value)
        visitor.press("Create")
        visitor.sees(alert(visitor))
        visitor.reads_error(field, error)
        expect(visitor.field(field)).to_have_value(value)


@pytest.mark.changes_nothing
def test_a_relay_that_does_not_answer_is_said_before_anything_is_saved(visitor):
    visitor.open("/remote-support/new")
    visitor.fill("Relay (FQDN)", "127.0.0.1")
    visitor.fill("Listening port", "41001")
    visitor.unfold("Advanced settings")
    visitor.fill("Relay ports to try in turn", str(free_port()))
    visitor.press("Create")
    visitor.sees(alert(visitor))
    visitor.reads(re.compile("could not be fetched"))
    visitor.open("/remote-support")
    visitor.reads("There are no settings yet.")


def test_a_second_setting_is_not_offered_and_not_made_by_an_old_tab(visitor, terminal):
    visitor.open("/remote-support/new")
    visitor.fill("Relay (FQDN)", "other.example.org")
    visitor.fill("Listening port", "41999")
    terminal.with_setting()
    visitor.press("Create")
    visitor.reads("There can be only one remote support setting on a terminal.")
    visitor.open("/remote-support/new")
    visitor.reads("There can be only one remote support setting on a terminal.")
    visitor.follow("Change Settings")
    expect(visitor.field("Listening port")).to_have_value(str(terminal.listening_port))


def test_deleting_says_what_it_ends(visitor, terminal):
    terminal.open()
    visitor.open("/remote-support")
    visitor.follow("Delete Settings")
    visitor.reads("Remote support is on: it is stopped")
    visitor.follow("Cancel")
    visitor.follow("Delete Settings")
    visitor.press("Delete Settings")
    visitor.sees(visitor.status("The settings and the key are deleted. Remote support is off."))
    visitor.reads("There are no settings yet.")


def test_start_without_a_login_user_leads_to_making_one(visitor, terminal):
    terminal.with_setting()
    visitor.open("/remote-support")
    expect(visitor.page.get_by_role("button", name="Start", exact=True)).to_have_count(0)
    visitor.follow("Create Login User")
    assert visitor.path == "/login-users"
    # An old tab may still ask.
    answer = terminal.session().post(f"{terminal.url}/remote-support/start", json={})
    assert (answer.status_code, answer.json()["code"]) == (409, "no-login-users")


def test_a_key_that_support_have_not_approved_stops_at_its_stage_with_advice(visitor, terminal):
    terminal.with_login_user()
    terminal.with_setting()
    other = KeyPair(terminal.folder.path, "another")
    terminal.approve(other.line)
    visitor.open("/remote-support")
    visitor.press("Start")
    failed = visitor.page.get_by_role("listitem").filter(has_text="Present this terminal's key").filter(has_text="failed")
    visitor.sees(failed)
    visitor.reads("does not know this terminal's key")
    visitor.reads("send them this terminal's public key")
    # Once they have, it goes on by itself.
    terminal.approve(terminal.command("key"))
    visitor.sees(visitor.status("Remote support is on. Nobody is logged in."))


def test_a_listening_port_of_another_terminal_stops_at_its_stage_with_advice(visitor, terminal):
    terminal.with_login_user()
    terminal.with_setting()
    terminal.command("settings", "delete")
    terminal.listening_port += 5000
    terminal.with_setting()
    visitor.open("/remote-support")
    visitor.press("Start")
    visitor.sees(visitor.page.get_by_role("listitem").filter(has_text="Get the listening port").filter(has_text="failed"))
    visitor.reads("compare the listening port in the settings with the one from support")


def test_the_connection_test_names_the_stage_that_fails(visitor, terminal, relay):
    terminal.with_setting()
    visitor.open("/remote-support")
    visitor.press("Test connection")
    visitor.reads("Everything works")
    relay.stop()
    try:
        visitor.press("Test connection")
        visitor.reads("The connection does not come about.")
        visitor.sees(visitor.page.get_by_role("listitem").filter(has_text="Connect to the relay").filter(has_text="failed"))
        visitor.reads("refuses connections")
    finally:
        relay.start()
    assert terminal.status()["state"] == "off"


# The rest


@pytest.mark.changes_nothing
def test_a_request_that_is_none_is_said_and_stays(visitor):
    visitor.open("/request")
    for text, error in {"Dear customer, please call us.": "begins with towline:1:", "towline:1:AAAA": "copy"}.items():
        visitor.fill("Request from support", text)
        visitor.press("Show what it does")
        visitor.reads_error("Request from support", error)
        expect(visitor.field("Request from support")).to_have_value(text)


@pytest.mark.changes_nothing
def test_the_console_says_what_is_wrong_with_its_settings(visitor):
    visitor.open("/system")
    visitor.fill("Allowed host names", "console.example.org\nbad!name")
    visitor.page.get_by_role("region", name="This console").get_by_role("button", name="Save Changes").click()
    visitor.reads_error("Allowed host names", "Line 2 is no host name.")
    expect(visitor.field("Allowed host names")).to_have_value("console.example.org\nbad!name")


def test_of_two_tabs_that_change_the_console_the_second_is_told(visitor):
    def save(button: str) -> None:
        visitor.page.get_by_role("region", name="This console").get_by_role("button", name=button).click()

    visitor.open("/system")
    visitor.fill("Allowed host names", "theirs.example.org")
    first, second = visitor.page, visitor.context.new_page()
    second.goto("/system")
    save("Save Changes")
    visitor.sees(visitor.status("The settings of the console are saved."))
    visitor.page = second
    visitor.fill("Allowed host names", "mine.example.org")
    save("Save Changes")
    visitor.sees(visitor.page.get_by_role("alert").filter(has_text="changed elsewhere"))
    expect(visitor.field("Allowed host names")).to_have_value("mine.example.org")
    visitor.sees(visitor.page.get_by_role("region", name="Saved now").get_by_text("theirs.example.org"))
    save("Save mine over it")
    visitor.sees(visitor.status("The settings of the console are saved."))
    first.close()


def test_a_password_is_changed_only_by_who_knows_it(visitor, terminal):
    def change(current: str, new: str, again: str) -> None:
        visitor.open("/system")
        visitor.fill("Current password", current)
        visitor.fill("New password", new)
        visitor.fill("New password again", again)
        visitor.press("Change Password")

    change("not the password", "another good password", "another good password")
    visitor.reads_error("Current password", "The password is wrong.")
    change(PASSWORD, "another good password", "yet another password")
    visitor.reads_error("New password again", "The two new passwords differ.")
    old = terminal.session()
    change(PASSWORD, "another good password", "another good password")
    visitor.sees(visitor.status("The password is changed."))
    assert old.get(f"{terminal.url}/").status_code == 401, "all other sessions end"


@pytest.mark.changes_nothing
def test_what_is_not_there_is_said_in_a_page(visitor):
    visitor.open("/nothing-here")
    visitor.sees(visitor.page.get_by_role("heading", name="There is no such page"))
    visitor.open("/login-users/nobody")
    visitor.reads("there is no SSH login user nobody")
