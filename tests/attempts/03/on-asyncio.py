# passes: on asyncio
import asyncio
import sys
import time


async def serve(reader, writer):
    try:
        writer.write(f"time {time.time_ns() // 1_000_000}\n".encode())
        writer.write_eof()
        async with asyncio.timeout(1):
            while await reader.read(16384):
                pass
    except (OSError, TimeoutError):
        pass
    writer.close()


async def main():
    host, port = sys.argv[-1].rsplit(":", 1)
    server = await asyncio.start_server(serve, host, int(port))
    await server.serve_forever()


asyncio.run(main())
