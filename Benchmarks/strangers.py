"""Peers that connect and go no further: from several loopback addresses, since relays count them per source."""

import os
import socket
import struct

PER_SOURCE = 500
FIRST_SOURCE = 2  # 127.0.0.2; the good client comes from 127.0.0.1
IDENTIFICATION = b"SSH-2.0-stranger\r\n"


def _names(*names):
    text = ",".join(names).encode()
    return struct.pack(">I", len(text)) + text


def key_exchange_init():
    """A whole SSH_MSG_KEXINIT packet (RFC 4253 §7.1) that any relay can agree with, so that it waits for what never comes."""
    cipher, mac = _names("aes128-ctr", "aes128-gcm@openssh.com"), _names("hmac-sha2-256", "hmac-sha2-256-etm@openssh.com")
    payload = b"\x14" + os.urandom(16) + _names("curve25519-sha256") + _names("ssh-ed25519") + 2 * cipher + 2 * mac
    payload += 2 * _names("none") + 2 * _names() + b"\0" + struct.pack(">I", 0)
    padding = 8 - (5 + len(payload)) % 8
    padding += 8 if padding < 4 else 0
    return struct.pack(">IB", 1 + len(payload) + padding, padding) + payload + bytes(padding)


class Strangers:
    """`count` connections that stop at three places in turn: connected, named, and in the middle of a key exchange."""

    def __init__(self, port, count):
        self.sockets = []
        says = [b"", IDENTIFICATION, IDENTIFICATION + key_exchange_init()]
        for index in range(count):
            connection = socket.socket()
            connection.bind((f"127.0.0.{FIRST_SOURCE + index // PER_SOURCE}", 0))
            connection.settimeout(10)
            self.sockets.append(connection)
            try:
                connection.connect(("127.0.0.1", port))
                connection.sendall(says[index % len(says)])
            except OSError:
                continue  # refused: `living` counts what the relay holds
            connection.setblocking(False)

    def living(self):
        """How many the relay still holds."""
        count = 0
        for connection in self.sockets:
            try:
                while connection.recv(4096):
                    pass
            except BlockingIOError:
                count += 1
            except OSError:
                pass
        return count

    def close(self):
        for connection in self.sockets:
            connection.close()
