# fails one-stalls: write without drain keeps everything
import asyncio
import sys


def address(text):
    host, port = text.rsplit(":", 1)
    return host, int(port)


async def carry(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
    writer.write_eof()


async def forward(reader, writer):
    try:
        inner_reader, inner_writer = await asyncio.open_connection(*TARGET)
    except OSError:
        writer.close()
        return
    ways = [
        asyncio.ensure_future(carry(reader, inner_writer)),
        asyncio.ensure_future(carry(inner_reader, writer)),
    ]
    try:
        await asyncio.gather(*ways)
    except OSError:
        for way in ways:
            way.cancel()
    for one in (writer, inner_writer):
        one.transport.abort() if sys.exc_info()[0] else one.close()


async def main():
    server = await asyncio.start_server(forward, *ADDR, backlog=128)
    async with server:
        await server.serve_forever()


TARGET, ADDR = map(address, sys.argv[-2:])
asyncio.run(main())
