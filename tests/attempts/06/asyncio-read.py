# fails split-character: reader.read(n) may give less
import asyncio
import sys


async def converse(reader, writer):
    try:
        while True:
            length = int.from_bytes(await reader.readexactly(2), "big")
            text = (await reader.read(length)).decode().upper().encode()
            writer.write(len(text).to_bytes(2, "big") + text)
            await writer.drain()
    except (OSError, ValueError, OverflowError, EOFError) as error:
        print("a conversation ended early:", error, file=sys.stderr)
    writer.close()


async def main():
    host, port = sys.argv[-1].rsplit(":", 1)
    server = await asyncio.start_server(converse, host, int(port))
    await server.serve_forever()


asyncio.run(main())
