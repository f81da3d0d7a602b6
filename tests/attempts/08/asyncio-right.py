# passes: one thread for all, and an event loop
import asyncio
import sys

limit = int(sys.argv[-2])
host, port = sys.argv[-1].rsplit(":", 1)
served = 0


async def refuse(reader, writer):
    writer.write(b"busy\n")
    writer.write_eof()
    try:
        async with asyncio.timeout(1):
            while await reader.read(16384):
                pass
    except TimeoutError:
        pass


async def echo(reader, writer):
    while data := await reader.read(16384):
        writer.write(data)
        await writer.drain()


async def serve(reader, writer):
    global served
    is_full = served >= limit
    served += not is_full
    try:
        await (refuse if is_full else echo)(reader, writer)
    except OSError as error:
        print("a conversation ended early:", error, file=sys.stderr)
    finally:
        served -= not is_full
        writer.close()


async def main():
    server = await asyncio.start_server(serve, host, int(port))
    await server.serve_forever()


asyncio.run(main())
