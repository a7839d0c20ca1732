"""A terminal, or staff, on paramiko. Its command line: options.h."""

import logging
import os
import socket
import sys
import threading

import paramiko
from paramiko.packet import Packetizer


def arguments(words):
    """(role, host, port, user, key path, target, target port, {name: value})"""
    role, host, port, user, key, target, target_port, *rest = words
    return role, host, int(port), user, key, target, int(target_port), dict(word.split("=", 1) for word in rest)


def load(path):
    """A private key of whatever type is in `path`."""
    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        try:
            return kind.from_private_key_file(path)
        except (paramiko.SSHException, ValueError, IndexError):
            continue
    raise paramiko.SSHException("no key in " + path)


def open_transport(host, port, user, key, options):
    """An authenticated transport with the only algorithms that `options` leave."""
    if "rekey" in options:
        logging.basicConfig(stream=sys.stderr, level=logging.DEBUG)  # tells when it rekeys
        Packetizer.REKEY_BYTES = int(options["rekey"])
    transport = paramiko.Transport(socket.create_connection((host, port)), default_window_size=1 << 21)
    chosen = transport.get_security_options()
    if "kex" in options:
        chosen.kex = (options["kex"],)
    if "cipher" in options:
        chosen.ciphers = (options["cipher"],)
    if "mac" in options:
        chosen.digests = (options["mac"],)
    transport.start_client(timeout=30)
    transport.auth_publickey(user, load(key))
    return transport


def pump(read, write, finish):
    """Moves bytes until `read` has none; then tells the other side."""
    try:
        while True:
            block = read(32768)
            if not block:
                break
            write(block)
        finish()
    except (OSError, EOFError):
        pass


def join(channel, read, write, finish):
    """Both directions of a bridge; returns when the far end has no more."""
    threading.Thread(target=pump, args=(read, channel.sendall, channel.shutdown_write), daemon=True).start()
    pump(channel.recv, write, finish)


def serve(channel, target_port):
    """One forwarded channel to the local target."""
    local = socket.create_connection(("127.0.0.1", target_port))
    local.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    join(channel, local.recv, local.sendall, lambda: local.shutdown(socket.SHUT_WR))


def write_all(block):
    view = memoryview(block)
    while view:
        view = view[os.write(1, view) :]


def knows(kind, *names):
    lists = {"kex": "_kex_info", "cipher": "_cipher_info", "mac": "_mac_info"}
    return [name for name in names if name in getattr(paramiko.Transport, lists[kind])]


def main():
    if sys.argv[1] == "knows":
        return print("\n".join(knows(*sys.argv[2:])))
    if sys.argv[1] == "version":
        return print("paramiko", paramiko.__version__)
    role, host, port, user, key, target, target_port, options = arguments(sys.argv[1:])
    try:
        transport = open_transport(host, port, user, key, options)
        if role == "terminal":
            def begin(channel, *_):
                threading.Thread(target=serve, args=(channel, target_port), daemon=True).start()

            transport.request_port_forward("localhost", int(target), begin)
            transport.join()
            raise paramiko.SSHException("the relay closed the connection")
        channel = transport.open_channel("direct-tcpip", (target, target_port), ("127.0.0.1", 0))
        join(channel, lambda size: os.read(0, size), write_all, lambda: None)
        os._exit(0)
    except (paramiko.SSHException, OSError, EOFError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
        os._exit(1)


if __name__ == "__main__":
    main()
