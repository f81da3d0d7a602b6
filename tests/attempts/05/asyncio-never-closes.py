# fails half-close: asyncio keeps a connection until the writer is closed
import asyncio
import sys


async def echo(reader, writer):
    try:
        while data := await reader.read(1024):
            writer.write(data)
            await writer.drain()
    except OSError as error:
        print(error)


async def main():
    host, port = sys.argv[-1].rsplit(":", 1)
    server = await asyncio.start_server(echo, host, int(port))
    await server.serve_forever()


asyncio.run(main())
