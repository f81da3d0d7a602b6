# fails busy: writes the line and closes, with bytes unread
import asyncio
import sys

limit = int(sys.argv[-2])
host, port = sys.argv[-1].rsplit(":", 1)
served = 0


async def serve(reader, writer):
    global served
    if served >= limit:
        writer.write(b"busy\n")
        writer.close()
        return
    served += 1
    try:
        while data := await reader.read(16384):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        served -= 1
        writer.close()


async def main():
    server = await asyncio.start_server(serve, host, int(port))
    await server.serve_forever()


asyncio.run(main())
