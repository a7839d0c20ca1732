"""A terminal, or staff, on asyncssh. Its command line: options.h."""

import asyncio
import logging
import os
import sys
import warnings

warnings.filterwarnings("ignore")  # of ciphers that cryptography is about to drop, and that are not used here
import asyncssh  # noqa: E402

from paramiko_client import arguments  # noqa: E402


async def copy(read, write, finish):
    while True:
        block = await read(32768)
        if not block:
            break
        await write(block)
    finish()


async def staff(connection, target, target_port):
    """Joins standard input and output to a direct-tcpip channel."""
    loop = asyncio.get_running_loop()
    reader, writer = await connection.open_connection(target, target_port, encoding=None, window=1 << 21)

    async def send(block):
        writer.write(block)
        await writer.drain()

    async def show(block):
        def write_all(view=memoryview(block)):
            while view:
                view = view[os.write(1, view) :]

        await loop.run_in_executor(None, write_all)

    feeding = asyncio.ensure_future(copy(lambda size: loop.run_in_executor(None, os.read, 0, size), send, writer.write_eof))
    await copy(reader.read, show, lambda: None)
    del feeding
    os._exit(0)  # a thread may still read standard input


async def run():
    role, host, port, user, key, target, target_port, options = arguments(sys.argv[1:])
    chosen = {}
    if "kex" in options:
        chosen["kex_algs"] = [options["kex"]]
    if "cipher" in options:
        chosen["encryption_algs"] = [options["cipher"]]
    if "mac" in options:
        chosen["mac_algs"] = [options["mac"]]
    if "rekey" in options:
        chosen["rekey_bytes"] = int(options["rekey"])
        logging.basicConfig(stream=sys.stderr, level=logging.DEBUG)  # tells when it rekeys
        asyncssh.set_debug_level(2)
    connection = await asyncssh.connect(
        host, port, username=user, client_keys=[key], known_hosts=None, config=None, agent_path=None, **chosen
    )
    if role == "terminal":
        await connection.forward_remote_port("localhost", int(target), "127.0.0.1", target_port)
        await connection.wait_closed()
        raise OSError("the relay closed the connection")
    await staff(connection, target, target_port)


def knows(kind, *names):
    lists = {"kex": asyncssh.kex.get_kex_algs, "cipher": asyncssh.encryption.get_encryption_algs, "mac": asyncssh.mac.get_mac_algs}
    return [name for name in names if name.encode() in lists[kind]()]


def main():
    if sys.argv[1] == "knows":
        return print("\n".join(knows(*sys.argv[2:])))
    if sys.argv[1] == "version":
        return print("asyncssh", asyncssh.__version__)
    try:
        asyncio.run(run())
    except (asyncssh.Error, OSError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
        os._exit(1)


if __name__ == "__main__":
    main()
