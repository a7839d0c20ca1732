"""What a tree of processes has used: CPU seconds, and memory as PSS. Linux's /proc only."""

import os
import time

TICK = os.sysconf("SC_CLK_TCK")


def _stat(pid):
    """Fields of /proc/PID/stat after the command's name, which may hold spaces; None where the process is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rsplit(b")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def tree(root):
    """Process ids of `root` and all its living descendants."""
    children = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            fields = _stat(name)
            if fields:
                children.setdefault(int(fields[1]), []).append(int(name))
    found, left = [], [root]
    while left:
        pid = left.pop()
        found.append(pid)
        left += children.get(pid, [])
    return found


def cpu_seconds(root):
    """User and system time of `root`, its living descendants, and all their children that were waited for.

    A living process is read from its CPU clock (nanoseconds, ended threads included); a child that was waited for is
    known in clock ticks only (10 ms, rounded once per parent).
    """
    total = 0.0
    for pid in tree(root):
        fields = _stat(pid)
        if fields is None:
            continue
        try:
            total += time.clock_gettime((~pid << 3) | 2)  # clock_getcpuclockid(3) of another process
        except OSError:
            continue  # it ended between the two reads; its parent's sum has it next time
        total += (int(fields[13]) + int(fields[14])) / TICK
    return total


def pss_bytes(root):
    """Proportional set size of `root` and all its living descendants: shared pages count once in all."""
    total = 0
    for pid in tree(root):
        try:
            with open(f"/proc/{pid}/smaps_rollup") as file:
                total += sum(int(line.split()[1]) * 1024 for line in file if line.startswith("Pss:"))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return total


def settled(root):
    """CPU seconds of `root`'s tree once it has come to rest: less than a millisecond used between two looks, 0.2 s apart. At most 3 seconds
    later: with ten thousand tunnels there is always a keepalive."""
    last, latest = cpu_seconds(root), time.monotonic() + 3
    while True:
        time.sleep(0.2)
        now = cpu_seconds(root)
        if now - last < 0.001 or time.monotonic() > latest:
            return now
        last = now


def until(condition, what, seconds=30.0):
    """Waits until `condition()` is true; it is the caller's error if that takes longer than `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds:g} s")
        time.sleep(0.02)
