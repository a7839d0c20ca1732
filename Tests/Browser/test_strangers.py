"""What pages of somebody else's can do to the console in a browser that is signed in: nothing (SECURITY.md W02, W05)."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests
from playwright.sync_api import expect

from conftest import EVIL_HOST
from installation import PASSWORD
from programs import eventually


@pytest.fixture
def evil_page(terminal) -> Iterator[int]:
    """The port of a server with a page that sends a form to the console as soon as it is open."""
    page = f"""<!doctype html><title>evil</title><body>
        <form method="post" action="{terminal.url}/remote-support/start"><button>win a prize</button></form>""".encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *_) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("host", ["127.0.0.1", EVIL_HOST])
def test_a_form_of_another_origin_changes_nothing_W02(visitor, terminal, evil_page, host):
    terminal.with_login_user()
    terminal.with_setting()
    visitor.page.goto(f"http://{host}:{evil_page}/")
    with visitor.page.expect_navigation() as navigation:
        visitor.page.get_by_role("button", name="win a prize").click()
    assert navigation.value.status == 403
    expect(visitor.page.locator("body")).to_contain_text("was not made")
    assert terminal.status()["state"] == "off"


@pytest.mark.changes_nothing
def test_a_name_of_an_attacker_that_leads_here_sees_no_page_W02(visitor, terminal):
    port = terminal.url.rpartition(":")[2]
    for path in ("/", "/sign-in", "/api/openapi.json"):
        answer = visitor.page.goto(f"http://{EVIL_HOST}:{port}{path}")
        assert answer.status == 421
    assert "Remote" not in visitor.page.content()


@pytest.mark.changes_nothing
def test_a_session_cookie_that_was_planted_is_worth_nothing_W05(visit, terminal):
    terminal.cookies()
    visitor = visit(signed_in=False)
    planted = "planted-by-somebody-else"
    visitor.context.add_cookies([{"name": "towline-session", "value": planted, "url": terminal.url}])
    visitor.open("/sign-in")
    visitor.fill("Password", PASSWORD)
    visitor.press("Sign In")
    visitor.sees(visitor.status("Remote support is off."))
    cookies = {cookie["name"]: cookie for cookie in visitor.context.cookies()}
    session = cookies["towline-session"]
    assert session["value"] != planted
    assert (session["httpOnly"], session["sameSite"]) == (True, "Strict")
    old = requests.get(f"{terminal.url}/", cookies={"towline-session": planted}, headers={"Accept": "application/json"}, timeout=60)
    assert old.status_code == 401


def test_signing_out_ends_the_session_and_its_other_pages_W05(visitor, terminal):
    visitor.open("/")
    cookies = {cookie["name"]: cookie["value"] for cookie in visitor.context.cookies()}
    second = visitor.context.new_page()
    second.goto("/log")
    # A program that holds the stream of events sees it end, within five seconds.
    stream = requests.get(f"{terminal.url}/events", cookies=cookies, stream=True, timeout=60)
    assert stream.status_code == 200
    ended = threading.Event()
    threading.Thread(target=lambda: (list(stream.iter_content(None)), ended.set()), daemon=True).start()
    visitor.press("Sign out")
    assert visitor.path == "/sign-in"
    eventually("the stream ends", ended.is_set, within=5)
    assert requests.get(f"{terminal.url}/", cookies=cookies, allow_redirects=False, timeout=60).status_code == 303
    expect(second.get_by_role("button", name="Sign In")).to_be_visible()


def test_no_other_page_frames_the_console_and_no_secret_is_in_an_address(visitor, terminal):
    visitor.open("/")
    answer = visitor.page.reload()
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    terminal.with_setting()
    private = (terminal.private_key.read_text()).splitlines()[2]
    for path in ("/remote-support", "/remote-support/change", "/log", "/system"):
        visitor.open(path)
        assert private not in visitor.page.content()
        assert PASSWORD not in visitor.page.url


def test_names_from_outside_are_shown_and_never_run_W03(visitor, terminal):
    """A key's comment is what staff chose it to be."""
    user = terminal.login_name
    line = terminal.relay.staff.line.rsplit(" ", 1)[0] + " <script>alert(1)</script><img/src=x/onerror=alert(1)>\u202e"
    visitor.page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    visitor.open(f"/create-login-user?name={user}")
    visitor.fill("Public keys", line)
    visitor.press("Save Changes")
    visitor.reads("<script>alert(1)</script>")
    for path in ("/login-users", f"/login-users/{user}", "/log"):
        visitor.open(path)
        assert visitor.page.locator("main script, main img").count() == 0
