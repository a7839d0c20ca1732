"""A disk without a free byte (SECURITY.md R17): whoever is worried can still sign in, see who is in, and end it."""

import pytest

from installation import IS_ROOT, PASSWORD, KeyPair, Terminal
from programs import eventually

pytestmark = pytest.mark.skipif(not IS_ROOT, reason="only root can mount a small disk")


@pytest.fixture
def terminal(relay):
    """A terminal on a disk of its own."""
    terminal = Terminal(relay, disk_megabytes=4)
    yield terminal
    terminal.close()


def test_sign_in_and_stop_work_without_a_free_byte(visit, terminal):
    user = terminal.open()
    terminal.cookies()  # sets the password
    login = terminal.login(user)
    terminal.fill_disk()
    visitor = visit(signed_in=False)
    visitor.open("/")
    visitor.fill("Password", "not " + PASSWORD)
    visitor.press("Sign In")
    visitor.reads("The password is wrong.")
    visitor.fill("Password", PASSWORD)
    visitor.press("Sign In")
    visitor.reads(user)
    visitor.press("Stop")
    visitor.sees(visitor.status("Remote support is off."))
    terminal.reaches("off")
    eventually("the login ends", lambda: not login.is_running)
    # What has to be saved is refused in words, and the form is kept.
    visitor.open(f"/login-users/{user}")
    second = KeyPair(terminal.folder.path, "carol@support")
    visitor.fill("Public keys", f"{terminal.relay.staff.line}\n{second.line}\n")
    visitor.press("Save Changes")
    visitor.sees(visitor.page.get_by_role("alert"))
    terminal.free_disk()
    visitor.press("Save Changes")
    visitor.reads(f"SSH login user {user} is saved.")
