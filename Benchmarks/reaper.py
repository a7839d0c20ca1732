"""Runs a command as the parent of whatever its processes leave behind, so that their CPU time is counted to the end.

sshd's monitor does not wait for its child: without this, what a staff connection used would go to init's account. Ends with the
command; a SIGTERM is handed on to it.
"""

import ctypes
import os
import signal
import subprocess
import sys

PR_SET_CHILD_SUBREAPER = 36

if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
    sys.exit(f"reaper: prctl: {os.strerror(ctypes.get_errno())}")
command = subprocess.Popen(sys.argv[1:])
signal.signal(signal.SIGTERM, lambda *_: os.kill(command.pid, signal.SIGTERM))
while True:
    pid, status = os.wait()
    if pid == command.pid:
        sys.exit(os.waitstatus_to_exitcode(status) & 0xFF)
