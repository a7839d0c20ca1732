"""What people run over a bridge: stock OpenSSH with a jump, its file tools, rsync, git. Rows: (what, passed, note, seconds)."""

import filecmp
import json
import os
import shutil
import subprocess
import time

from stage import STEADY, run

SESSIONS = 10


def quick(stage):
    return [timed(stage, *tool) for tool in (("10 sessions to 5 terminals, one ControlMaster", shared_connection), ("scp", scp))]


def whole(stage):
    return quick(stage) + [timed(stage, *tool) for tool in (("sftp", sftp), ("rsync", rsync), ("git push and clone", git))]


def timed(stage, what, body):
    started, passed, note = time.monotonic(), True, ""
    if what.split()[0] in ("rsync", "git") and not shutil.which(what.split()[0]):
        passed, note = False, "not installed here"
    else:
        try:
            note = body(stage, f"{stage.folder}/{what.split()[0]}") or ""
        except (RuntimeError, TimeoutError, AssertionError) as error:
            passed, note = False, " / ".join(str(error).strip().splitlines()[-2:])
    print(f"  {'OpenSSH':<12} {'staff':<8} {'tools':<10} {what:<46} {'ok' if passed else 'FAILED'} {time.monotonic() - started:6.1f} s  {note}", flush=True)
    return what, passed, note, time.monotonic() - started


def shared_connection(stage, _):
    """Ten sessions to five terminals at once over one connection to the relay."""
    ssh = ["ssh", "-F", stage.configuration]
    sessions = [
        subprocess.Popen([*ssh, f"steady-{index % STEADY}", "echo up; cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for index in range(SESSIONS)
    ]
    try:
        for session in sessions:
            assert session.stdout.readline() == "up\n", "a session did not begin"
        live = json.loads(stage.relay.command("sessions", "--json"))
        live = live if isinstance(live, list) else next(value for value in live.values() if isinstance(value, list))
        assert len(live) == SESSIONS, f"the relay lists {len(live)} sessions"
        sources = {bridge.get("from") or bridge.get("source") for bridge in live}
        assert len(sources) == 1, f"they come from {sources}"
        for number, session in enumerate(sessions):
            said, _ = session.communicate(f"session {number}", 20)
            assert said == f"session {number}" and session.returncode == 0, f"session {number} said {said!r}"
    finally:
        for session in sessions:
            if session.poll() is None:
                session.kill()
            session.wait()
    return "one connection to the relay"


def random_file(path, size):
    with open(path, "wb") as file:
        file.write(os.urandom(size))


def same(one, other):
    assert filecmp.cmp(one, other, shallow=False), f"{one} and {other} differ"


def scp(stage, path):
    random_file(path, 8 << 20)
    run("scp", "-q", "-F", stage.configuration, path, f"steady-0:{path}.there")
    run("scp", "-q", "-F", stage.configuration, f"steady-0:{path}.there", f"{path}.back")
    same(path, f"{path}.back")
    return "8 MiB each way"


def sftp(stage, path):
    random_file(path, 8 << 20)
    batch = f"put {path} {path}.there\nget {path}.there {path}.back\nls -l {path}.there\n"
    run("sftp", "-q", "-b", "-", "-F", stage.configuration, "steady-1", input=batch)
    same(path, f"{path}.back")
    return "8 MiB each way"


def rsync(stage, path):
    os.makedirs(f"{path}/deep/er")
    for number in range(100):
        random_file(f"{path}/deep/er/{number}", number * 1000)
    command = ["rsync", "-a", "--delete", "-e", f"ssh -F {stage.configuration}"]
    run(*command, f"{path}/", f"steady-2:{path}.there/")
    os.remove(f"{path}/deep/er/7")
    random_file(f"{path}/deep/er/99", 200_000)
    run(*command, f"{path}/", f"steady-2:{path}.there/")
    run(*command, f"steady-2:{path}.there/", f"{path}.back/")
    compared = filecmp.dircmp(f"{path}/deep/er", f"{path}.back/deep/er")
    assert not (compared.left_only or compared.right_only or compared.diff_files), "the copies differ"
    return "100 files, a change, and back"


def git(stage, path):
    environment = dict(os.environ, GIT_SSH_COMMAND=f"ssh -F {stage.configuration}", GIT_CONFIG_GLOBAL=os.devnull, GIT_CONFIG_SYSTEM=os.devnull)
    for kind in ("AUTHOR", "COMMITTER"):
        environment |= {f"GIT_{kind}_NAME": "interop", f"GIT_{kind}_EMAIL": "interop@relay.test"}
    run("git", "init", "-q", "--bare", f"{path}.bare", env=environment)
    run("git", "init", "-q", "-b", "main", path, env=environment)
    random_file(f"{path}/file", 1 << 20)
    run("git", "-C", path, "add", ".", env=environment)
    run("git", "-C", path, "commit", "-q", "-m", "One file", env=environment)
    run("git", "-C", path, "push", "-q", f"ssh://steady-3{path}.bare", "main", env=environment)
    run("git", "clone", "-q", "-b", "main", f"ssh://steady-3{path}.bare", f"{path}.back", env=environment)
    same(f"{path}/file", f"{path}.back/file")
    return "1 MiB pushed and cloned"
