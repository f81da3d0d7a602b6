# passes: one loop, and the transport says how much waits
import asyncio
import socket
import sys

LIMIT = 1_000_000
host, port = sys.argv[-1].rsplit(":", 1)
topics = {}


def sends(writer, line):
    if writer.transport.get_write_buffer_size() > LIMIT:
        writer.transport.abort()
    elif not writer.is_closing():
        writer.write(line)


async def obeys(writer, line):
    match line.split(b" ", 2):
        case [b"SUB", topic] if topic:
            topics.setdefault(topic, set()).add(writer)
            sends(writer, b"ok\n")
        case [b"UNSUB", topic] if topic:
            topics.get(topic, set()).discard(writer)
            sends(writer, b"ok\n")
        case [b"PUB", topic, text] if topic:
            for subscriber in list(topics.get(topic, ())):
                sends(subscriber, topic + b" " + text + b"\n")
        case _:
            sends(writer, b"error\n")


async def serve(reader, writer):
    try:
        while True:
            line = await reader.readuntil(b"\n")
            line = line[:-1].removesuffix(b"\r")
            if len(line) > 8000:
                break
            await obeys(writer, line)
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError):
        pass
    for subscribers in topics.values():
        subscribers.discard(writer)
    writer.close()


async def main():
    server = await asyncio.start_server(serve, host, int(port), limit=16384)
    await server.serve_forever()


asyncio.run(main())
