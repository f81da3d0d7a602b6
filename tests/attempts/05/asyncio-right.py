# passes: asyncio
import asyncio
import sys


async def echo(reader, writer):
    try:
        while data := await reader.read(4096):
            writer.write(data)
            await writer.drain()
    except OSError as error:
        print("a conversation ended early:", error, file=sys.stderr)
    writer.close()


async def main():
    host, port = sys.argv[-1].rsplit(":", 1)
    server = await asyncio.start_server(echo, host, int(port))
    await server.serve_forever()


asyncio.run(main())
