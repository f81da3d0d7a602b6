# passes: a close without a code is answered with 1000
import base64
import hashlib
import socket
import struct
import sys
import threading

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
LIMIT = 2**20
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class Wrong(Exception):
    pass


def exactly(reader, n):
    data = reader.read(n)
    if len(data) < n:
        raise EOFError
    return data


def fields(reader):
    found = {}
    reader.readline()
    while line := reader.readline().decode("latin-1").strip():
        name, _, value = line.partition(":")
        found[name.strip().lower()] = value.strip()
    return found


def send(sock, opcode, payload):
    n = len(payload)
    if n < 126:
        head = struct.pack("!BB", 0x80 | opcode, n)
    elif n < 65536:
        head = struct.pack("!BBH", 0x80 | opcode, 126, n)
    else:
        head = struct.pack("!BBQ", 0x80 | opcode, 127, n)
    sock.sendall(head + payload)


def unmask(payload, mask):
    key = mask * (len(payload) // 4 + 1)
    n = len(payload)
    mixed = int.from_bytes(payload, "big") ^ int.from_bytes(key[:n], "big")
    return mixed.to_bytes(n, "big")


def frame(reader, room):
    first, second = exactly(reader, 2)
    n = second & 0x7F
    if n == 126:
        (n,) = struct.unpack("!H", exactly(reader, 2))
    elif n == 127:
        (n,) = struct.unpack("!Q", exactly(reader, 8))
    opcode = first & 0x0F
    if not second & 0x80 or first & 0x70 or opcode not in (0, 1, 2, 8, 9, 10):
        raise Wrong(1002)
    if opcode >= 8 and (n > 125 or not first & 0x80):
        raise Wrong(1002)
    if opcode < 8 and n > room:
        raise Wrong(1009)
    mask = exactly(reader, 4)
    return first & 0x80, opcode, unmask(exactly(reader, n), mask)


def talk(sock, reader):
    kind, message = 0, b""
    while True:
        fin, opcode, payload = frame(reader, LIMIT - len(message))
        if opcode == CLOSE:
            if len(payload) == 1:
                raise Wrong(1002)
            return send(sock, CLOSE, payload or struct.pack("!H", 1000))
        if opcode == PING:
            send(sock, PONG, payload)
        if opcode > 7:
            continue
        if (opcode == 0) != (kind != 0):
            raise Wrong(1002)
        kind = kind or opcode
        message += payload
        if fin:
            if kind == TEXT:
                try:
                    message.decode()
                except UnicodeDecodeError:
                    raise Wrong(1007)
            send(sock, kind, message)
            kind, message = 0, b""


def serve(sock):
    with sock, sock.makefile("rb") as reader:
        try:
            asked = fields(reader)
            words = asked.get("connection", "").lower().split(",")
            key = asked.get("sec-websocket-key")
            if (
                "upgrade" not in [word.strip() for word in words]
                or asked.get("upgrade", "").lower() != "websocket"
                or key is None
            ):
                sock.sendall(b"HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n")
                return
            accept = base64.b64encode(hashlib.sha1((key + GUID).encode()).digest())
            sock.sendall(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                b"Connection: Upgrade\r\nSec-WebSocket-Accept: " + accept + b"\r\n\r\n"
            )
            talk(sock, reader)
        except Wrong as wrong:
            send(sock, CLOSE, struct.pack("!H", *wrong.args))
        except (EOFError, OSError):
            pass


host, port = sys.argv[-1].rsplit(":", 1)
listener = socket.create_server((host, int(port)), backlog=64)
while True:
    sock, _ = listener.accept()
    threading.Thread(target=serve, args=(sock,), daemon=True).start()
