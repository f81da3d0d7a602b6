# passes: an event loop
import asyncio
import pathlib
import sys

FOLDER = pathlib.Path(sys.argv[-2]).resolve()


def find(target):
    try:
        path = (FOLDER / target.lstrip("/")).resolve()
        return path.read_bytes() if path.is_relative_to(FOLDER) else None
    except (OSError, ValueError):
        return None


async def serve(reader, writer):
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            lines = head.decode("latin-1").split("\r\n")
            words = lines[0].split(" ")
            close = len(words) != 3 or words[0] != "GET"
            body = None if close else find(words[1])
            status = "400 Bad Request" if close else "200 OK" if body is not None else "404 Not Found"
            body = body or b""
            writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode())
            writer.write(body)
            await writer.drain()
            for line in lines[1:]:
                name, _, value = line.lower().partition(":")
                close |= name == "connection" and value.strip() == "close"
            if close:
                return
    except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        pass
    finally:
        writer.close()


async def main():
    host, port = sys.argv[-1].rsplit(":", 1)
    server = await asyncio.start_server(serve, host, int(port), backlog=128)
    await server.serve_forever()


asyncio.run(main())
