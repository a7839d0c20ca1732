#!/usr/bin/env python3
"""Writes a fuzzer's seeds: seeds.py Seeds/TARGET FOLDER.

Seeds are text. A .txt file is the input itself. A .bytes file describes the input by tokens, a .messages file describes records as
FuzzedConnection reads them, a line each:
  settings HH          the first byte (first line)
  act N                an act of the driver
  TOKENS               a message:  5a  bytes in hexadecimal    5a*32  the same byte 32 times    #7  a uint32
                       "text"  an SSH string    'text\\r\\n'  bytes as they are    ( … )  an SSH string of what is inside
"""
import pathlib
import re
import sys

TOKEN = re.compile(r"""\s*(?:(?P<many>[0-9a-f]{2})\*(?P<times>\d+)|(?P<hex>(?:[0-9a-f]{2})+)\b|\#(?P<number>\d+)|"(?P<string>[^"]*)"|'(?P<raw>[^']*)'|(?P<paren>[()]))""", re.X)


def string(contents):
    return len(contents).to_bytes(4, "big") + contents


def message(line):
    levels = [b""]
    place = 0
    while place < len(line.rstrip()):
        match = TOKEN.match(line, place)
        if not match:
            raise SystemExit(f"seeds.py: not understood: {line[place:]!r}")
        place = match.end()
        if match["many"]:
            levels[-1] += bytes.fromhex(match["many"]) * int(match["times"])
        elif match["hex"]:
            levels[-1] += bytes.fromhex(match["hex"])
        elif match["number"]:
            levels[-1] += int(match["number"]).to_bytes(4, "big")
        elif match["string"] is not None:
            levels[-1] += string(match["string"].encode())
        elif match["raw"] is not None:
            levels[-1] += match["raw"].encode().decode("unicode_escape").encode()
        elif match["paren"] == "(":
            levels.append(b"")
        else:
            inside = levels.pop()
            levels[-1] += string(inside)
    return levels[0]


def records(text):
    result = b""
    for line in text.splitlines():
        line = line.strip()
        if not line or line.startswith("//"):
            continue
        words = line.split()
        if words[0] == "settings":
            result += bytes.fromhex(words[1])
        elif words[0] == "act":
            result += (0x8000 | int(words[1])).to_bytes(2, "big")
        else:
            payload = message(line)
            result += len(payload).to_bytes(2, "big") + payload
    return result


source, target = map(pathlib.Path, sys.argv[1:3])
target.mkdir(parents=True, exist_ok=True)
for path in sorted(source.iterdir()):
    contents = path.read_bytes()
    if path.suffix == ".messages":
        contents = records(contents.decode())
    elif path.suffix == ".bytes":
        contents = b"".join(message(line) for line in contents.decode().splitlines() if not line.startswith("//"))
    (target / path.name).write_bytes(contents)
