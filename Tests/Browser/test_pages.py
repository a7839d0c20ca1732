"""Every page, in both languages and both colour schemes: axe-core finds no violation, the page fits a phone of 360 px, and nothing is
left untranslated. Pictures of all of them are kept (see `looks.SCREENSHOTS`)."""

import re
import socket
import threading

import pytest

from installation import KeyPair, Terminal
from looks import Look
from programs import eventually, run
from visitor import Visitor

LANGUAGES = ["en", "ja"]

pytestmark = pytest.mark.parametrize("language", LANGUAGES)


@pytest.fixture
def look(visit, language) -> Look:
    """The eyes of somebody who is signed in."""
    return Look(visit(language=language))


def send(look: Look) -> None:
    """Sends the page's form by its main button."""
    look.visitor.page.locator("main form .btn-primary").last.click()


def test_set_up_and_sign_in(visit, terminal, language):
    look = Look(visit(language=language, signed_in=False))
    page = look.visitor.page
    look.at("set-up", "/set-up")
    look.visitor.fill("Setup code", "AAAA-BBBB-CCCC")
    look.visitor.fill("New password", "too short")
    look.visitor.fill("New password again", "too short")
    look.visitor.press("Set Up")
    look.at("set-up-wrong")
    terminal.cookies()
    look.at("sign-in", "/sign-in")
    page.locator("#password").fill("wrong")
    send(look)
    look.at("sign-in-wrong")
    look.conclude()


def test_a_new_terminal(look, terminal):
    page = look.visitor.page
    look.at("home-new", "/")
    look.at("login-users-none", "/login-users")
    look.visitor.fill("User name", "Bad Name!")
    look.visitor.press("Create Login User")
    look.at("login-users-wrong")
    look.at("login-user-new", f"/create-login-user?name={terminal.login_name}")
    page.locator("#keys").fill(f"{terminal.relay.staff.line}\nthis is no key")
    send(look)
    look.at("login-user-wrong")
    look.at("remote-support-none", "/remote-support")
    look.at("setting-new", "/remote-support/new")
    page.locator("#relay").fill("bad!name")
    page.locator("#listening_port").fill("80")
    send(look)
    look.at("setting-wrong")
    look.visitor.open("/remote-support/new")
    page.locator("#relay").fill(f"127.0.0.1:{terminal.relay.port}")
    page.locator("#listening_port").fill(str(terminal.listening_port))
    send(look)
    look.visitor.reads(terminal.relay.fingerprint)
    look.at("setting-compare")
    look.at("request", "/request")
    page.locator("#request").fill("towline:1:AAAA")
    send(look)
    look.at("request-wrong")
    look.at("system", "/system")
    page.locator("#hosts").fill("bad!name")
    page.locator("form[action='/system'] .btn-primary").click()
    look.at("system-wrong")
    look.visitor.open("/system")
    page.locator("#password").fill("wrong")
    page.locator("#new_password").fill("a new password")
    page.locator("#repeat_password").fill("another one")
    page.locator("form[action='/system/password'] .btn").click()
    look.at("password-wrong")
    look.at("log-new", "/log")
    look.at("not-found", "/nothing-here")
    look.conclude()


def test_a_terminal_that_is_ready(look, terminal):
    user = terminal.with_login_user()
    terminal.with_setting()
    look.at("home-ready", "/")
    look.at("login-users", "/login-users")
    look.at("login-user", f"/login-users/{user}")
    look.at("login-user-delete", f"/login-users/{user}/delete")
    look.at("remote-support-off", "/remote-support")
    look.at("setting-change", "/remote-support/change")
    look.at("setting-delete", "/remote-support/delete")
    look.at("setting-only-one", "/remote-support/new")
    page = look.visitor.page
    page.goto("/remote-support")
    page.locator("form[action$='/test'] button").click()
    page.locator(".stage.done").first.wait_for()
    look.at("test-good")
    # The address of an answer, asked for again.
    look.at("not-possible", "/remote-support/test")
    # Somebody else was faster.
    look.visitor.open(f"/login-users/{user}")
    terminal.command("login-user", "change", user, "--key", f"{KeyPair(terminal.folder.path, 'carol').path}.pub")
    send(look)
    look.at("login-user-stale")
    look.visitor.open("/remote-support/change")
    terminal.command("settings", "change", "--user", "somebody")
    send(look)
    look.at("setting-stale")
    terminal.command("settings", "change", "--user", "towline")
    look.visitor.open("/system")
    page.locator("#hosts").fill("mine.example.org")
    theirs = {"address": terminal.url.removeprefix("http://"), "hosts": "theirs.example.org"}
    answer = terminal.session().post(f"{terminal.url}/system", json=theirs)
    assert answer.status_code == 200, answer.text
    page.locator("form[action='/system'] .btn-primary").click()
    look.at("system-stale")
    look.conclude()


def test_a_console_for_the_whole_network(chromium, relay, language):
    """Over TLS, with a certificate of its own."""
    terminal = Terminal(relay, is_everywhere=True)
    try:
        look = Look(Visitor(chromium, terminal, language=language))
        look.at("system-tls", "/system")
        shown = re.sub(r"[\s:]", "", look.visitor.page.locator("section", has=look.visitor.page.locator("#certificate-title")).inner_text())
        printed = run("openssl", "x509", "-in", str(terminal.certificate), "-noout", "-fingerprint", "-sha256").rpartition("=")[2]
        assert printed.strip().replace(":", "") in shown
        look.visitor.page.locator("summary").click()
        look.visitor.page.locator("#certificate").fill("/nothing/here.pem")
        look.visitor.page.locator("#private_key").fill("/nothing/key.pem")
        look.visitor.page.locator("form[action='/system'] .btn-primary").click()
        look.at("system-certificate-wrong")
        look.conclude()
        assert not look.visitor.leave()
    finally:
        terminal.close()


def test_a_request(look, terminal, relay):
    page = look.visitor.page
    sheet = relay.command("request", "new", terminal.name, "--login", terminal.login_name, "--staff", "bob")
    look.visitor.open("/request")
    page.locator("#request").fill(sheet)
    send(look)
    page.locator("#request-setting").wait_for()
    look.at("request-preview")
    look.conclude()


def test_support_that_waits_for_somebody(look, terminal, relay):
    """For staff, who have to approve the key; and for the customer, as the relay is another one."""
    sheet = relay.command("request", "new", terminal.name, "--login", terminal.login_name, "--staff", "bob")
    terminal.command("apply", "--yes", sheet)
    # Known under a name that leads nowhere here.
    terminal.command("settings", "change", "--relay", f"127.0.0.1:{relay.port}")
    terminal.session().post(f"{terminal.url}/remote-support/start", json={"limit": "1h"})
    terminal.reaches("awaitingApproval")
    look.at("home-awaiting", "/")
    look.at("remote-support-awaiting", "/remote-support")
    terminal.command("stop")
    nobody = "SHA256:" + "A" * 43
    terminal.command("settings", "change", "--fingerprint", nobody)
    terminal.session().post(f"{terminal.url}/remote-support/start", json={"limit": "1h"})
    terminal.reaches("stopped")
    look.at("home-stopped", "/")
    look.at("remote-support-stopped", "/remote-support")
    look.conclude()


def test_a_network_that_blocks(look, terminal):
    """Something that is no relay answers."""
    terminal.with_login_user()
    with socket.create_server(("127.0.0.1", 0)) as server:
        def answer() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return  # that was all
                with connection:
                    connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: http://sign-in.example/\r\n\r\n")

        threading.Thread(target=answer, daemon=True).start()
        terminal.command(
            "settings", "create", "--relay", f"127.0.0.1:{server.getsockname()[1]}", "--listening-port", "41001",
            "--fingerprint", "SHA256:" + "A" * 43)
        terminal.session().post(f"{terminal.url}/remote-support/start", json={"limit": "1h"})
        terminal.reaches("blocked")
        look.at("home-blocked", "/")
        look.at("remote-support-blocked", "/remote-support")
    look.conclude()


def test_support_that_is_on(look, terminal):
    user = terminal.open()
    page = look.visitor.page
    look.at("home-waiting", "/")
    look.at("remote-support-waiting", "/remote-support")
    login = terminal.login(user)
    terminal.reaches("inUse")
    look.at("home-in-use", "/")
    look.at("remote-support-in-use", "/remote-support")
    second = terminal.login(user) if terminal.makes_accounts else None
    if second:
        eventually("two are in", lambda: len(terminal.status()["logins"]) == 2)
        look.at("home-in-use-by-two", "/")
        second.end()
    look.at("setting-delete-in-use", "/remote-support/delete")
    look.at("log", "/log")
    # A change that is not in effect: the bar.
    look.visitor.open("/remote-support/change")
    page.locator("#relay_ports").fill(f"{terminal.relay.port},443")
    send(look)
    page.locator(".restart").wait_for()
    look.at("restart-bar")
    login.end()
    look.conclude()


def test_support_that_does_not_come_about(look, terminal, relay):
    terminal.open()
    relay.stop()
    try:
        terminal.reaches("retrying")
        look.at("home-retrying", "/")
        look.at("remote-support-retrying", "/remote-support")
        look.visitor.page.locator("form[action$='/test'] button").click()
        look.visitor.page.locator(".stage.failed").wait_for()
        look.at("test-failed")
    finally:
        relay.start()
    look.conclude()


@pytest.mark.changes_nothing
def test_the_switch_changes_the_language_of_every_page(visit, terminal, language):
    """Whatever the browser asks for, until it is switched back."""
    visitor = visit(language=language)
    other = {"en": "ja", "ja": "en"}[language]
    visitor.open("/log")
    visitor.page.get_by_role("button", name={"en": "English", "ja": "日本語"}[other], exact=True).click()
    visitor.page.wait_for_url("**/log")
    visitor.language = other
    for path, heading in {"/login-users": "SSH Login Users", "/remote-support": "Remote Support"}.items():
        visitor.open(path)
        visitor.sees(visitor.page.get_by_role("heading", name=visitor.say(heading), exact=True))
