"""A minimal client of netcomm, written from PROTOCOL.md alone.

minimal_client.py --vectors DIRECTORY          decode and re-encode the published vectors
minimal_client.py HOST PORT NICKNAME [TEXT]    log in, say a text to everyone, quit
"""

import json
import os
import socket
import struct
import sys

MAGIC = b"\x9eNET"
MAX_PAYLOAD = 16384


class Malformed(Exception):
    """The bytes close a connection; the message is the close code's name."""


def read_varint(data, at, bits):
    value = shift = 0
    for used in range((bits + 6) // 7):
        if at + used >= len(data):
            raise Malformed("malformed")
        byte = data[at + used]
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            if value >> bits:
                raise Malformed("malformed")
            return value, at + used + 1
    raise Malformed("malformed")


def write_varint(value):
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


# A type is a number of bits, "bool", "str", "bytes", "token", ("option", T), ("list", T), or a
# record: a list of fields.
CONVERSATION = [("kind", 16), ("name", "str")]
POSITION = [("epoch", 64), ("seq", 64)]
CREDENTIAL = [("scheme", 16), ("data", "bytes")]
MAX_EXTENSIONS = 64
EXTENSIONS = ("list", [("key", 16), ("value", "bytes")])
LIMITS = ("list", [("limit", 16), ("value", 64)])
ROOM = [("room", "str"), ("members", 32)]
HISTORY = [("seq", 64), ("time", 64), ("author", "str"), ("nonce", 64), ("text", "str")]
ITEM = [("conversation", CONVERSATION), ("last", POSITION)]
SAID = [("code", 16), ("retry_after", ("option", 64)), ("text", "str")]
IN_ROOM = [("room", "str"), ("nickname", "str")]

CLIENT = [
    ("Login", [("nickname", "str"), ("hidden", "bool"), ("resume", ("option", "token")),
               ("credential", CREDENTIAL), ("features", 64), ("extensions", EXTENSIONS)]),
    ("Post", [("conversation", CONVERSATION), ("epoch", ("option", 64)), ("nonce", 64),
              ("text", "str")]),
    ("Join", [("room", "str")]),
    ("CreateRoom", [("room", "str")]),
    ("Leave", [("room", "str")]),
    ("Rename", [("nickname", "str")]),
    ("Hide", []),
    ("Reveal", []),
    ("Members", [("room", ("option", "str")), ("from", "str")]),
    ("Rooms", [("from", "str")]),
    ("History", [("conversation", CONVERSATION), ("epoch", ("option", 64)), ("first", 64),
                 ("last", 64), ("latest", "bool"), ("most", 32)]),
    ("Conversations", [("from", CONVERSATION)]),
    ("Ping", [("nonce", 64)]),
    ("Pong", [("nonce", 64)]),
    ("Quit", []),
]
SERVER = [
    ("Welcome", [("nickname", "str"), ("resumed", "bool"), ("hidden", "bool"), ("token", "token"),
                 ("time", 64), ("everyone", POSITION), ("limits", LIMITS), ("features", 64),
                 ("extensions", EXTENSIONS)]),
    ("Done", []),
    ("Refused", SAID),
    ("Posted", [("position", POSITION), ("time", 64), ("earlier", 32)]),
    ("Joined", [("room", "str"), ("position", POSITION)]),
    ("Members", [("members", ("list", "str")), ("next", "str")]),
    ("Rooms", [("rooms", ("list", ROOM)), ("next", "str")]),
    ("History", [("conversation", CONVERSATION), ("epoch", 64), ("first_kept", 64), ("last", 64),
                 ("items", ("list", HISTORY))]),
    ("Conversations", [("conversations", ("list", ITEM)), ("next", ("option", CONVERSATION))]),
    ("Pong", [("nonce", 64)]),
    ("Message", [("conversation", CONVERSATION), ("position", POSITION), ("time", 64),
                 ("author", "str"), ("text", "str")]),
    ("MemberJoined", IN_ROOM),
    ("MemberLeft", IN_ROOM),
    ("Online", [("nickname", "str")]),
    ("Offline", [("nickname", "str")]),
    ("Renamed", [("from", "str"), ("to", "str")]),
    ("Ping", [("nonce", 64)]),
    ("Notice", [("code", 16), ("subject", "str"), ("text", "str")]),
    ("Closing", SAID),
]
TABLES = {"client": CLIENT, "server": SERVER}


def read(kind, data, at):
    if isinstance(kind, int):
        return read_varint(data, at, kind)
    if isinstance(kind, list):
        record = {}
        for name, field in kind:
            record[name], at = read(field, data, at)
        return record, at
    if kind == "bool" or kind[0] == "option":
        if at >= len(data) or data[at] > 1:
            raise Malformed("malformed")
        if kind == "bool":
            return data[at] == 1, at + 1
        return read(kind[1], data, at + 1) if data[at] else (None, at + 1)
    length, at = (16, at) if kind == "token" else read_varint(data, at, 64)
    if length > len(data) - at or kind is EXTENSIONS and length > MAX_EXTENSIONS:
        raise Malformed("malformed")
    if kind[0] == "list":
        items = []
        for _ in range(length):
            item, at = read(kind[1], data, at)
            items.append(item)
        return items, at
    piece = data[at:at + length]
    if kind != "str":
        return list(piece), at + length
    try:
        return piece.decode(), at + length
    except UnicodeDecodeError:
        raise Malformed("malformed") from None


def write(kind, value):
    if isinstance(kind, int):
        return write_varint(value)
    if isinstance(kind, list):
        return b"".join(write(field, value[name]) for name, field in kind)
    if kind == "bool":
        return bytes([value])
    if kind[0] == "option":
        return b"\0" if value is None else b"\1" + write(kind[1], value)
    if kind[0] == "list":
        return write_varint(len(value)) + b"".join(write(kind[1], item) for item in value)
    piece = value.encode() if kind == "str" else bytes(value)
    return piece if kind == "token" else write_varint(len(piece)) + piece


def check_length(length):
    if length == 0:
        raise Malformed("empty_frame")
    if length > MAX_PAYLOAD:
        raise Malformed("frame_too_large")


def decode(table, payload):
    number, at = read_varint(payload, 0, 32)
    index, at = read_varint(payload, at, 32)
    if index >= len(table):
        return number, "Unknown"
    name, fields = table[index]
    value, at = read(fields, payload, at)
    if at != len(payload):
        raise Malformed("malformed")
    return number, {name: value} if fields else name


def encode(table, number, value):
    name, fields = (value, {}) if isinstance(value, str) else next(iter(value.items()))
    index = [row[0] for row in table].index(name)
    payload = write_varint(number) + write_varint(index) + write(table[index][1], fields)
    return struct.pack(">I", len(payload)) + payload


def unframe(data):
    (length,) = struct.unpack(">I", data[:4])
    check_length(length)
    assert len(data) == 4 + length
    return data[4:]


def preface(data):
    magic, first, second = struct.unpack(">4sHH", data)
    assert magic == MAGIC
    return first, second


def check_vectors(directory):
    def entries(name):
        with open(os.path.join(directory, name), encoding="utf-8") as file:
            return json.load(file)

    count = 0
    for name in ("client.json", "server.json", "tolerated.json"):
        for entry in entries(name):
            table, data = TABLES[entry["direction"]], bytes.fromhex(entry["hex"])
            assert decode(table, unframe(data)) == (entry["id"], entry["value"]), entry["name"]
            if name != "tolerated.json":
                assert encode(table, entry["id"], entry["value"]) == data, entry["name"]
            count += 1
    for entry in entries("rejects.json"):
        both = entry["direction"] == "both"
        for direction in TABLES if both else [entry["direction"]]:
            try:
                decode(TABLES[direction], unframe(bytes.fromhex(entry["hex"])))
            except Malformed as why:
                assert str(why) == entry["close"], entry["name"]
            else:
                raise AssertionError(entry["name"] + " was read")
        count += 1
    for entry in entries("prefaces.json"):
        first, second = preface(bytes.fromhex(entry["hex"]))
        value = entry["value"]
        if entry["direction"] == "server":
            assert (first, second) == (value["version"], value["reason"])
        else:
            assert (first, second) == (value["lowest"], value["highest"])
            assert value["chosen"] == (1 if first <= 1 <= second else None)
        count += 1
    print(f"{count} vectors")


def converse(host, port, nickname, text):
    def exactly(count):
        data = stream.read(count)
        if len(data) < count:
            raise SystemExit("the link was lost")
        return data

    with socket.create_connection((host, int(port))) as link, link.makefile("rb") as stream:
        link.sendall(MAGIC + struct.pack(">HH", 1, 1))
        version, reason = preface(exactly(8))
        if version != 1:
            raise SystemExit(f"refused: {reason}")
        login = {"nickname": nickname, "hidden": False, "resume": None, "features": 0,
                 "credential": {"scheme": 0, "data": []}, "extensions": []}
        post = {"conversation": {"kind": 0, "name": ""}, "epoch": None, "text": text,
                "nonce": int.from_bytes(os.urandom(8), "big")}
        following = {1: (2, {"Post": post}), 2: (3, "Quit")}
        link.sendall(encode(CLIENT, 1, {"Login": login}))
        while True:
            (length,) = struct.unpack(">I", exactly(4))
            check_length(length)
            number, message = decode(SERVER, exactly(length))
            print(ascii(message))
            name = message if isinstance(message, str) else next(iter(message))
            if name == "Closing":
                return
            if name == "Ping":
                link.sendall(encode(CLIENT, 0, {"Pong": message["Ping"]}))
            if number == 1 and name == "Refused":
                link.sendall(encode(CLIENT, 3, "Quit"))
            elif number in following:
                link.sendall(encode(CLIENT, *following[number]))


if __name__ == "__main__":
    if sys.argv[1] == "--vectors":
        check_vectors(sys.argv[2])
    else:
        converse(*sys.argv[1:4], sys.argv[4] if len(sys.argv) > 4 else "hello")
