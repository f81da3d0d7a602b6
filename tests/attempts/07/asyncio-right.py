# passes: asyncio on both sides
import asyncio
import sys


async def answer(reader, writer):
    try:
        n = 0
        while data := await reader.read(65536):
            n += len(data)
        writer.write(b"bytes=%d\n" % n)
        await writer.drain()
    except OSError as error:
        print("a conversation ended early:", error, file=sys.stderr)
    writer.close()


async def serve(host, port):
    server = await asyncio.start_server(answer, host, port)
    await server.serve_forever()


async def count(host, port):
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(sys.stdin.buffer.read())
    await writer.drain()
    writer.write_eof()
    reply = await reader.read()
    if not reply:
        raise ConnectionError("no reply came")
    sys.stdout.buffer.write(reply)


host, port = sys.argv[-1].rsplit(":", 1)
try:
    asyncio.run({"serve": serve, "count": count}[sys.argv[-2]](host, int(port)))
except OSError as error:
    sys.exit(f"could not go on: {error}")
