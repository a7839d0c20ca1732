"""Takes the pictures of docs/manual: a terminal called shop-42, a relay called relay.example.org, a login user called alice.

    scripts/browser --pictures      as root, where there is no account alice

Runs in namespaces of its own for these names and for the relay's port 22. Pictures are of the top of a page.
"""

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from installation import Relay, Terminal
from programs import TREE
from visitor import Visitor

RELAY, TERMINAL, USER = "relay.example.org", "shop-42", "alice"
# Where staff come from (RFC 5737).
STAFF_ADDRESS = "198.51.100.7"
SIZE = {"width": 1000, "height": 860}
INSIDE = "TOWLINE_PICTURES_INSIDE"


def enter_namespaces() -> None:
    """Starts this program anew where the names are what the pictures say."""
    hosts = Path(tempfile.mkdtemp()) / "hosts"
    hosts.write_text(f"127.0.0.1 localhost {TERMINAL} {RELAY}\n")
    prepare = f'ip link set lo up && ip address add {STAFF_ADDRESS} dev lo && hostname {TERMINAL} && mount --bind {hosts} /etc/hosts && exec "$@"'
    words = ["unshare", "--net", "--mount", "--uts", "sh", "-c", prepare, "sh", sys.executable, __file__]
    os.execvpe(words[0], words, os.environ | {INSIDE: "yes"})


def main() -> None:
    if INSIDE not in os.environ:
        enter_namespaces()
    relay = Relay(port=22, name=RELAY)
    terminal = Terminal(relay, name=TERMINAL, listening_port=41042)
    try:
        sheet = relay.ask("request", "new", TERMINAL, "--login", USER, "--staff", "bob")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
            visitors = {language: Visitor(browser, terminal, language=language) for language in ("en", "ja")}

            def take(name: str, path: str, prepare: Callable[[Page], None] = lambda page: None) -> None:
                for language, visitor in visitors.items():
                    visitor.page.set_viewport_size(SIZE)
                    visitor.open(path)
                    prepare(visitor.page)
                    visitor.page.screenshot(path=TREE / "docs" / "manual" / language / f"{name}.png", animations="disabled")

            def paste(page: Page) -> None:
                page.locator("#request").fill(sheet)
                page.locator("main form .btn-primary").click()
                page.locator("#request-setting").wait_for()

            take("request", "/request", paste)
            terminal.command("login-user", "add", USER, "--key", f"{relay.staff.path}.pub")
            terminal.command(
                "settings", "create", "--relay", RELAY, "--listening-port", str(terminal.listening_port),
                "--fingerprint", relay.fingerprint)
            terminal.approve(terminal.command("key"))
            take("login-user", f"/login-users/{USER}")
            take("issued-key", "/remote-support")
            terminal.command("start", "--for", "8h")
            terminal.reaches("waiting")
            login = terminal.begin_login(USER, address=STAFF_ADDRESS)
            terminal.reaches("inUse")
            take("in-use", "/")
            login.end()
            browser.close()
    finally:
        terminal.close()
        relay.close()


if __name__ == "__main__":
    main()
