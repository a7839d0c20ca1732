"""The clients of others, each as a command line for its two parts: a terminal that holds a tunnel, and staff's way through the relay."""

import glob
import os
import re
import shutil
import subprocess
import zipfile

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "clients")
# Debian's modules are for Debian's Python, whatever else is first on PATH.
PYTHON = "/usr/bin/python3"


def output_of(*command):
    """Both outputs of a command, whatever its status."""
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, stdin=subprocess.DEVNULL).stdout


class Client:
    """What is common. `choices` are the settings that the client lets one choose, of "kex", "cipher", "mac" and "rekey"."""

    name = ""
    package = ""
    choices = ("kex", "cipher", "mac", "rekey")
    #: Why an algorithm that it does not name cannot be tried.
    absence = "not in this version"
    #: What it cannot do that others can: sentences for the report.
    limits = ()
    #: A line of its log that says that new keys are in use: once at the start, and once for each rekey. (pattern, lines at the start)
    rekey_mark = (r"$^", 0)

    def __init__(self, folder):
        self.folder = folder
        self.home = f"{folder}/home-{self.name}"
        os.makedirs(self.home, exist_ok=True)

    def missing(self):
        """What is not installed, or None."""
        return None

    def version(self):
        raise NotImplementedError

    def known(self, kind, names):
        """Those of the relay's algorithms that it has, as far as it can be asked."""
        raise NotImplementedError

    def terminal(self, stage, key, port, settings):
        """Command line that holds a tunnel to the stage's sshd."""
        raise NotImplementedError

    def staff(self, stage, key, target, port, settings):
        """Command line that joins its standard input and output to `target`:`port`."""
        raise NotImplementedError

    def environment(self):
        return dict(os.environ, HOME=self.home)


class OpenSSH(Client):
    name = "OpenSSH"
    package = "openssh-client"
    rekey_mark = (r"SSH2_MSG_NEWKEYS sent", 1)

    def missing(self):
        return None if shutil.which("ssh") else "ssh"

    def version(self):
        return output_of("ssh", "-V").split(",")[0]

    def known(self, kind, names):
        listed = output_of("ssh", "-Q", kind).split()
        return [name for name in names if name in listed]

    def _options(self, stage, key, settings):
        words = ["ssh", "-F", "none", "-p", str(stage.relay.port), "-i", key, "-l", "anyone", "-o", "IdentitiesOnly=yes"]
        words += ["-o", "IdentityAgent=none", "-o", "BatchMode=yes", "-o", "HostKeyAlias=relay"]
        words += ["-o", f"UserKnownHostsFile={stage.known_hosts}", "-o", "LogLevel=" + ("DEBUG1" if "rekey" in settings else "ERROR")]
        names = {"kex": "KexAlgorithms", "cipher": "Ciphers", "mac": "MACs", "rekey": "RekeyLimit"}
        for kind, value in settings.items():
            words += ["-o", f"{names[kind]}={value}"]
        return words

    def terminal(self, stage, key, port, settings):
        forward = ["-N", "-T", "-o", "ExitOnForwardFailure=yes", "-R", f"{port}:127.0.0.1:{stage.end.port}", "127.0.0.1"]
        return self._options(stage, key, settings) + forward

    def staff(self, stage, key, target, port, settings):
        return self._options(stage, key, settings) + ["-W", f"{target}:{port}", "127.0.0.1"]


class Dropbear(Client):
    name = "Dropbear"
    package = "dropbear-bin"
    choices = ("cipher", "mac")
    limits = (
        "dbclient has no option for the key exchange: what both have is agreed on by itself",
        "dbclient has no option that makes it ask for new keys sooner than after 1 GB",
    )

    def missing(self):
        return None if shutil.which("dbclient") and shutil.which("dropbearconvert") else "dbclient"

    def version(self):
        return output_of("dbclient", "-V").strip()

    def known(self, kind, names):
        listed = re.split(r"[\s,]+", output_of("dbclient", "-c" if kind == "cipher" else "-m", "help"))
        return [name for name in names if name in listed]

    def _options(self, stage, key, settings):
        converted = f"{self.home}/{os.path.basename(key)}"
        if not os.path.exists(converted):
            output_of("dropbearconvert", "openssh", "dropbear", key, converted)
        words = ["dbclient", "-y", "-y", "-T", "-i", converted, "-p", str(stage.relay.port), "-l", "anyone"]
        for kind, value in settings.items():
            words += ["-c" if kind == "cipher" else "-m", value]
        return words

    def terminal(self, stage, key, port, settings):
        return self._options(stage, key, settings) + ["-N", "-R", f"{port}:127.0.0.1:{stage.end.port}", "127.0.0.1"]

    def staff(self, stage, key, target, port, settings):
        return self._options(stage, key, settings) + ["-B", f"{target}:{port}", "127.0.0.1"]


class PuTTY(Client):
    name = "PuTTY"
    package = "putty-tools"
    choices = ("cipher", "rekey")
    absence = "cannot be chosen by themselves"
    limits = (
        "plink chooses ciphers by family (AES-GCM, AES, ChaCha20), not by key length, so aes128 behind aes256 is not reached",
        "plink has no option for the MAC, and names families of key exchanges only: what both have is agreed on by itself",
    )
    rekey_mark = (r"Initialised .* outbound encryption", 1)
    #: Its families, by the name that the relay has, and which of the family the relay takes first.
    families = {"chacha20-poly1305@openssh.com": "chacha20", "aes256-gcm@openssh.com": "aesgcm", "aes256-ctr": "aes"}

    def missing(self):
        return None if shutil.which("plink") and shutil.which("puttygen") else "plink"

    def version(self):
        return " ".join(output_of("plink", "-V").splitlines()[0].replace(":", "").split())

    def known(self, kind, names):
        return [name for name in names if name in self.families]

    def _options(self, stage, key, settings):
        converted = f"{self.home}/{os.path.basename(key)}.ppk"
        if not os.path.exists(converted):
            output_of("puttygen", key, "-O", "private", "-o", converted)
        session = "-".join(["cell", *(re.sub(r"\W", "", str(value)) for value in settings.values())])
        os.makedirs(f"{self.home}/.putty/sessions", exist_ok=True)
        with open(f"{self.home}/.putty/sessions/{session}", "w") as file:
            if "cipher" in settings:
                file.write(f"Cipher={self.families[settings['cipher']]},WARN,aes,chacha20,aesgcm,3des,des,blowfish,arcfour\n")
            if "rekey" in settings:
                file.write(f"RekeyBytes={settings['rekey']}\n")
        words = ["plink", "-load", session, "-ssh", "-batch", "-noagent", "-T", "-i", converted, "-P", str(stage.relay.port), "-l", "anyone"]
        return words + ["-hostkey", stage.relay_fingerprint] + (["-v"] if "rekey" in settings else [])

    def terminal(self, stage, key, port, settings):
        return self._options(stage, key, settings) + ["-N", "-R", f"{port}:127.0.0.1:{stage.end.port}", "127.0.0.1"]

    def staff(self, stage, key, target, port, settings):
        return self._options(stage, key, settings) + ["-nc", f"{target}:{port}", "127.0.0.1"]


class Library(Client):
    """A client of ours on someone else's library: one command line for all (clients/options.h)."""

    def program(self):
        raise NotImplementedError

    def version(self):
        return output_of(*self.program(), "version").strip()

    def known(self, kind, names):
        return output_of(*self.program(), "knows", kind, *names).split()

    def _line(self, part, stage, key, target, port, settings):
        chosen = [f"{kind}={value}" for kind, value in settings.items()]
        return [*self.program(), part, "127.0.0.1", str(stage.relay.port), "anyone", key, str(target), str(port), *chosen]

    def terminal(self, stage, key, port, settings):
        return self._line("terminal", stage, key, port, stage.end.port, settings)

    def staff(self, stage, key, target, port, settings):
        return self._line("staff", stage, key, target, port, settings)


class PythonLibrary(Library):
    def program(self):
        return [PYTHON, "-W", "ignore", f"{HERE}/{self.name}_client.py"]

    def missing(self):
        done = subprocess.run([PYTHON, "-W", "ignore", "-c", f"import {self.name}"], capture_output=True)
        return None if done.returncode == 0 else self.package

    def environment(self):
        return dict(super().environment(), PYTHONDONTWRITEBYTECODE="1")


class Paramiko(PythonLibrary):
    name = "paramiko"
    package = "python3-paramiko"
    rekey_mark = (r"Switch to new keys", 1)


class AsyncSSH(PythonLibrary):
    name = "asyncssh"
    package = "python3-asyncssh"
    rekey_mark = (r"Completed key exchange|Key exchange complete|Beginning key exchange", 1)


class CLibrary(Library):
    def program(self):
        return [f"{self.folder}/{self.name}_client"]

    def missing(self):
        """Compiles it, which needs the library's header."""
        flags = subprocess.run(["pkg-config", "--cflags", "--libs", self.name], capture_output=True, text=True)
        compiler = shutil.which("cc") or shutil.which("clang")
        if flags.returncode != 0 or compiler is None:
            return self.package if compiler else "a C compiler"
        command = [compiler, "-O2", "-Wall", "-Wextra", "-Werror", "-o", self.program()[0], f"{HERE}/{self.name}_client.c"]
        subprocess.run(command + flags.stdout.split(), check=True)
        return None


class LibSSH(CLibrary):
    name = "libssh"
    package = "libssh-dev"
    rekey_mark = (r"Set output algorithm|Signature verified and valid", 1)


class LibSSH2(CLibrary):
    name = "libssh2"
    package = "libssh2-1-dev"
    choices = ("kex", "cipher", "mac")
    limits = ("libssh2 never asks for new keys by itself",)


class NewerLibSSH2(LibSSH2):
    """The same program on a libssh2 of today, from a wheel on PyPI: Debian 12's has no cipher and MAC that the relay offers."""

    name = "libssh2-pypi"
    package = "libssh2-1-dev"
    wheel = "ssh2-python==1.2.0.post1 --hash=sha256:fe103dabbaa166357251626bf83cb91be30a430506d8607db88c0ac8c4a3974e"

    def program(self):
        return ["env", f"LD_LIBRARY_PATH={self.folder}/libssh2", f"{self.folder}/libssh2_client"]

    def missing(self):
        if not os.path.exists(f"{self.folder}/libssh2_client"):
            LibSSH2(self.folder).missing()
        if not os.path.exists(f"{self.folder}/libssh2_client"):
            return self.package
        os.makedirs(f"{self.folder}/libssh2", exist_ok=True)
        with open(f"{self.folder}/libssh2/wanted", "w") as file:
            file.write(self.wheel + "\n")
        command = [PYTHON, "-m", "pip", "download", "-q", "--no-deps", "--require-hashes", "--only-binary=:all:", "-r", f"{self.folder}/libssh2/wanted"]
        fetched = subprocess.run(command + ["-d", f"{self.folder}/libssh2"], capture_output=True, text=True)
        if fetched.returncode != 0:
            return "its wheel (" + (fetched.stderr.strip().splitlines() or ["pip failed"])[-1][:120] + ")"
        with zipfile.ZipFile(glob.glob(f"{self.folder}/libssh2/*.whl")[0]) as wheel:
            for member in wheel.namelist():
                if "_python.libs/lib" in member:
                    file_name = "libssh2.so.1" if "libssh2" in member else os.path.basename(member)
                    with open(f"{self.folder}/libssh2/{file_name}", "wb") as file:
                        file.write(wheel.read(member))
        return None


ALL = [OpenSSH, Dropbear, PuTTY, Paramiko, AsyncSSH, LibSSH, LibSSH2, NewerLibSSH2]
