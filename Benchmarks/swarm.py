"""Thousands of terminals of one lean client (swarm.c), and what is asked of it."""

import select
import subprocess

# Listening port of the first one.
FIRST_PORT = 20000


class Swarm:
    """Holds tunnels, and makes lost ones anew."""

    def __init__(self, program, relay, seed, count, staff=0):
        command = [program, "run", relay.address, str(relay.port), seed, str(count), str(FIRST_PORT), str(staff), relay.user]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)

    def ask(self, question, seconds):
        """The numbers of its answer."""
        self.process.stdin.write(question + "\n")
        # Not select: a process that holds thousands of connections itself has descriptors that it cannot take.
        answers = select.poll()
        answers.register(self.process.stdout, select.POLLIN)
        if not answers.poll((seconds + 30) * 1000):
            raise TimeoutError(f"the swarm did not answer '{question}'")
        return [float(word) for word in self.process.stdout.readline().split()[1:]]

    def await_up(self, count, seconds):
        """(tunnels that are up, seconds it took): all of them, or what is up after `seconds`."""
        up, took = self.ask(f"wait {count} {seconds}", seconds)
        return int(up), took

    def lost(self):
        """How many tunnels that were up have ended, whether they are back or not."""
        up, granted, _ = self.ask("status", 10)
        return int(granted - up)

    def close(self):
        self.process.stdin.close()
        self.process.wait()
