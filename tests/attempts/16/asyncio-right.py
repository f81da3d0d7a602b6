# passes: an event loop
import asyncio
import base64
import hashlib
import sys

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
LIMIT = 2**20


class Wrong(Exception):
    pass


def frame(opcode, payload):
    n = len(payload)
    if n < 126:
        return bytes([0x80 | opcode, n]) + payload
    if n < 65536:
        return bytes([0x80 | opcode, 126]) + n.to_bytes(2, "big") + payload
    return bytes([0x80 | opcode, 127]) + n.to_bytes(8, "big") + payload


async def handshake(reader, writer):
    head = await reader.readuntil(b"\r\n\r\n")
    fields = {}
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        fields[name.strip().lower()] = value.strip()
    words = [word.strip() for word in fields.get(b"connection", b"").lower().split(b",")]
    key = fields.get(b"sec-websocket-key")
    if (
        b"upgrade" not in words
        or fields.get(b"upgrade", b"").lower() != b"websocket"
        or not key
    ):
        writer.write(b"HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n")
        return False
    accept = base64.b64encode(hashlib.sha1(key + GUID).digest())
    writer.write(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
        b"Connection: Upgrade\r\nSec-WebSocket-Accept: " + accept + b"\r\n\r\n"
    )
    return True


async def next_frame(reader, room):
    first, second = await reader.readexactly(2)
    n = second & 0x7F
    if n > 125:
        n = int.from_bytes(await reader.readexactly(2 if n == 126 else 8), "big")
    opcode, control = first & 0x0F, first & 0x08
    if second < 0x80 or first & 0x70 or control and (n > 125 or first < 0x80):
        raise Wrong(1002)
    if not control and n > room:
        raise Wrong(1009)
    mask = await reader.readexactly(4)
    payload = bytearray(await reader.readexactly(n))
    for i in range(4):
        table = bytes(byte ^ mask[i] for byte in range(256))
        payload[i::4] = payload[i::4].translate(table)
    return first & 0x80, opcode, bytes(payload)


async def talk(reader, writer):
    kind, message = None, b""
    while True:
        fin, opcode, payload = await next_frame(reader, LIMIT - len(message))
        match opcode, kind:
            case (1 | 2), None:
                kind, message = opcode, payload
            case 0, (1 | 2):
                message += payload
            case 8, _ if len(payload) != 1:
                return writer.write(frame(8, payload))
            case 9, _:
                writer.write(frame(10, payload))
                continue
            case 10, _:
                continue
            case _:
                raise Wrong(1002)
        if fin:
            try:
                kind == 1 and message.decode()
            except UnicodeDecodeError:
                raise Wrong(1007)
            writer.write(frame(kind, message))
            await writer.drain()
            kind, message = None, b""


async def serve(reader, writer):
    try:
        if await handshake(reader, writer):
            await talk(reader, writer)
    except Wrong as wrong:
        writer.write(frame(8, wrong.args[0].to_bytes(2, "big")))
    except (OSError, asyncio.IncompleteReadError):
        pass
    writer.close()


async def main():
    host, port = sys.argv[-1].rsplit(":", 1)
    server = await asyncio.start_server(serve, host, int(port))
    await server.serve_forever()


asyncio.run(main())
