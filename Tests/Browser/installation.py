"""A real relay, real terminals behind it, and support staff with their ordinary `ssh`."""

import json
import os
import re
import shutil
import tempfile
from itertools import count
from pathlib import Path

import requests

from programs import Program, eventually, free_port, program, run

# Without root the only possible login user is oneself.
IS_ROOT = os.geteuid() == 0
# As the console asks for it: at least ten characters.
PASSWORD = "correct horse battery"

_numbers = count(1)


class Folder:
    """A temporary folder. Below /tmp, whatever TMPDIR says: a Unix socket's path may have 107 bytes only."""

    def __init__(self):
        self.path = Path(tempfile.mkdtemp(prefix="towline-web-", dir="/tmp"))
        self.path.chmod(0o755)  # sshd's unprivileged side reads below it

    def remove(self) -> None:
        if "TEST_KEEP" not in os.environ:
            shutil.rmtree(self.path, ignore_errors=True)


class KeyPair:
    """A key pair made by ssh-keygen."""

    def __init__(self, folder: Path, name: str):
        self.path = folder / f"key-{next(_numbers)}"
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(self.path))
        self.line = Path(f"{self.path}.pub").read_text().strip()
        self.name = name

    @property
    def fingerprint(self) -> str:
        return run("ssh-keygen", "-l", "-f", f"{self.path}.pub").split()[1]


class Relay:
    """A relay, called by a name that leads to it. It knows bob, who comes to terminals, and dana, who looks after it."""

    def __init__(self, port: int | None = None, name: str = "localhost"):
        self.folder = Folder()
        self._program = program("towline-relay")
        self._data = self.folder.path / "relay"
        self.port = port or free_port()
        greeting = self.command("init", "--hostname", name)
        self.fingerprint = re.search(r"SHA256:[A-Za-z0-9+/]{43}", greeting).group()
        self._running: Program | None = None
        self.start()
        self.staff = KeyPair(self.folder.path, "bob@support")
        self.command("staff", "add", "bob", "--key", f"{self.staff.path}.pub")
        self._admin = KeyPair(self.folder.path, "dana@support")
        self.command("staff", "add", "dana", "--role", "admin", "--key", f"{self._admin.path}.pub")

    def command(self, *words: str, text: str = "") -> str:
        """Runs `towline-relay COMMAND…` as the operator."""
        return run(self._program, *words, "--data-dir", str(self._data), text=text)

    def start(self) -> None:
        listen = ["--data-dir", str(self._data), "--listen", f"127.0.0.1:{self.port}"]
        self._running = Program(self.folder.path, "relay", self._program, "serve", *listen)
        self._running.says("ready")

    def stop(self) -> None:
        self._running.end()

    def close(self) -> None:
        self.stop()
        self.folder.remove()

    def ask(self, *words: str, text: str = "") -> str:
        """Runs a command of the relay as its admin does: with ordinary `ssh`."""
        return run(*self.ssh("-i", str(self._admin.path), "relay", *words), text=text)

    def ssh(self, *words: str, key: KeyPair | None = None, address: str = "127.0.0.1") -> list[str]:
        """The words of staff's ordinary `ssh`: no configuration of this machine, this relay as `relay`.

        - `key`: for terminals, if it is another one than for the relay.
        - `address`: where they come from.
        """
        config = self.folder.path / f"ssh_config-{address}"
        config.write_text(f"""
            Host relay
              HostName 127.0.0.1
              BindAddress {address}
              Port {self.port}
              User bob
              IdentityFile {self.staff.path}
            Host *
              IdentityFile {(key or self.staff).path}
              IdentitiesOnly yes
              IdentityAgent none
              BatchMode yes
              StrictHostKeyChecking accept-new
              UserKnownHostsFile {self.folder.path}/known_hosts
              GlobalKnownHostsFile /dev/null
              ConnectTimeout 60
            """)
        return ["ssh", "-F", str(config), *words]


class Terminal:
    """A terminal with its console, and what the relay knows of it: a name, a listening port, a grant for staff.

    Its login users are accounts of this machine where the tests run as root; `close` removes them. With `is_everywhere` its console is
    for the whole network, and so over TLS.
    """

    def __init__(
        self, relay: Relay, name: str | None = None, listening_port: int | None = None, disk_megabytes: int | None = None,
        is_everywhere: bool = False,
    ):
        self.relay = relay
        number = next(_numbers)
        self.name = name or f"shop-{number}"
        self.listening_port = listening_port or 41000 + number
        self.folder = Folder()
        self._program = program("towline-terminal")
        self._data = self.folder.path / "terminal"
        self._has_disk = disk_megabytes is not None
        if self._has_disk:
            self._data.mkdir(0o755)
            run("mount", "-t", "tmpfs", "-o", f"size={disk_megabytes}m,mode=755", "tmpfs", str(self._data))
        self._is_everywhere = is_everywhere
        self._console_port = free_port()
        self._running: Program | None = None
        self._cookies: dict[str, str] | None = None
        relay.command("terminal", "add", self.name, "--listening-port", str(self.listening_port))
        relay.command("grant", "bob", self.name)
        self.start()

    # The program

    def start(self) -> None:
        address = "0.0.0.0" if self._is_everywhere else "127.0.0.1"
        words = ["serve", "--data-dir", str(self._data), "--console", f"{address}:{self._console_port}"]
        self._running = Program(self.folder.path, "terminal", self._program, *words)
        self._running.says("ready")

    def stop(self) -> None:
        self._running.end()
        self._cookies = None  # sessions end with the program

    def restart(self) -> None:
        self.stop()
        self.start()

    def command(self, *words: str, text: str = "") -> str:
        """Runs `towline-terminal COMMAND…`."""
        return run(self._program, *words, "--data-dir", str(self._data), text=text)

    def close(self) -> None:
        """Removes its login users and ends it."""
        if self._running.is_running:
            for user in json.loads(self.command("login-user", "list", "--json")):
                self.command("login-user", "remove", user["name"])
        self._running.end()
        if self._has_disk:
            run("umount", "-l", str(self._data))
        self.folder.remove()

    # Its disk, where it has one of its own

    def fill_disk(self) -> None:
        """Leaves no byte free."""
        with open(self._data / "filler", "wb", buffering=0) as filler:
            try:
                while filler.write(bytes(4096)) == 4096:
                    pass
            except OSError:
                pass  # that was it

    def free_disk(self) -> None:
        (self._data / "filler").unlink()

    # What it is like

    @property
    def url(self) -> str:
        """Where browsers find its console; without a slash at the end."""
        url = self._said(r"^console +(http\S+)/$")
        # The machine's own name need not lead anywhere; the certificate is for this one too.
        return f"https://localhost:{self._console_port}" if self._is_everywhere else url

    @property
    def setup_code(self) -> str:
        return self._said(r"^setup code +(\S+)$")

    def _said(self, pattern: str) -> str:
        return eventually(
            lambda: f"{pattern} in what the terminal says: {self._running.output}{self._running.errors}",
            lambda: re.search(pattern, self._running.output, re.MULTILINE)).group(1)

    @property
    def certificate(self) -> Path:
        """The file of the certificate that it made for its console."""
        return self._data / "agent" / "console_certificate.pem"

    @property
    def private_key(self) -> Path:
        """The file that nobody sees through the console."""
        return self._data / "agent" / "terminal_key"

    @property
    def makes_accounts(self) -> bool:
        """Whether login users are accounts of their own."""
        return IS_ROOT

    @property
    def login_name(self) -> str:
        """A name for a login user that no account of this machine has; without root the only possible one."""
        return f"web-{os.getpid()}-{next(_numbers)}" if IS_ROOT else run("id", "-un").strip()

    def status(self) -> dict:
        return json.loads(self.command("status", "--json"))

    def reaches(self, state: str) -> None:
        """Waits until its status is `state`."""
        eventually(lambda: f"the state is {state}: {self.status()}", lambda: self.status()["state"] == state)

    # Bringing it somewhere without its pages

    def with_login_user(self) -> str:
        """Has a login user with staff's key; returns its name."""
        name = self.login_name
        self.command("login-user", "add", name, "--key", f"{self.relay.staff.path}.pub")
        return name

    def with_setting(self) -> "Terminal":
        """Has the relay's setting, with a key that the relay knows."""
        self.command(
            "settings", "create", "--relay", f"127.0.0.1:{self.relay.port}", "--listening-port", str(self.listening_port),
            "--fingerprint", self.relay.fingerprint)
        self.approve(self.command("key"))
        return self

    def approve(self, key: str) -> None:
        """Staff approve the key that the customer has sent, in place of any other."""
        self.relay.command("approve", self.name, "--key", "-", "--replace", text=key.strip() + "\n")

    def open(self) -> str:
        """Has all that support needs, and waits for it; returns the login user's name."""
        name = self.with_login_user()
        self.with_setting().command("start", "--for", "8h")
        self.reaches("waiting")
        return name

    def begin_login(self, user: str, key: KeyPair | None = None, address: str = "127.0.0.1") -> Program:
        """Staff log in and stay."""
        words = self.relay.ssh("-J", "relay", f"{user}@{self.name}", "echo in; exec cat", key=key, address=address)
        return Program(self.folder.path, f"ssh-{next(_numbers)}", *words, keeps_input_open=True)

    def login(self, user: str) -> Program:
        """Staff log in and stay: returns once their command runs on the terminal."""
        login = self.begin_login(user)
        login.says("in")
        return login

    # Its console without a browser

    def session(self) -> requests.Session:
        """A program that is signed in to the console."""
        session = requests.Session()
        session.headers["Accept"] = "application/json"
        session.cookies.update(self.cookies())
        return session

    def cookies(self) -> dict[str, str]:
        """The cookies of a session that is signed in; the first call sets the password."""
        if self._cookies is None:
            how = {"headers": {"Accept": "application/json"}, "timeout": 60, "verify": str(self.certificate) if self._is_everywhere else True}
            is_new = requests.get(f"{self.url}/", **how).json()["code"] == "not-set-up"
            path, body = ("set-up", {"code": self.setup_code, "new_password": PASSWORD}) if is_new else ("sign-in", {"password": PASSWORD})
            answer = requests.post(f"{self.url}/{path}", json=body, **how)
            assert answer.status_code == 200, answer.text
            self._cookies = answer.cookies.get_dict()
        return self._cookies
