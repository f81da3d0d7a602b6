# passes: asyncio, with a limit for each line
import asyncio, sys

limit = int(sys.argv[1]) / 1000
host, port = sys.argv[2].rsplit(":", 1)


async def serve(reader, writer):
    try:
        while True:
            line = await asyncio.wait_for(reader.readline(), limit)
            if not line.endswith(b"\n"):
                break
            writer.write(b"PONG\n" if line == b"PING\n" else b"ERROR\n")
            await asyncio.wait_for(writer.drain(), limit)
    except (OSError, ValueError, asyncio.TimeoutError):
        pass
    writer.transport.abort() if writer.transport.get_write_buffer_size() else writer.close()


async def main():
    server = await asyncio.start_server(serve, host, int(port))
    await server.serve_forever()


asyncio.run(main())
