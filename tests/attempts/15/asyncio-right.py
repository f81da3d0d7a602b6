# passes: one thread, asyncio, and a future for each who waits
import asyncio
import sys

pieces = []
waiting = set()


def lines(after):
    return "".join(f"{n} {text}\n" for n, text in enumerate(pieces, 1) if n > after)


def publish(text):
    pieces.append(text)
    for future in waiting:
        if not future.done():
            future.set_result(None)
    return len(pieces)


async def wait(after, limit):
    loop = asyncio.get_running_loop()
    until = loop.time() + limit
    while not lines(after) and loop.time() < until:
        future = loop.create_future()
        waiting.add(future)
        try:
            await asyncio.wait_for(future, until - loop.time())
        except asyncio.TimeoutError:
            pass
        finally:
            waiting.discard(future)
    return lines(after)


async def serve(reader, writer):
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *fields = head.split("\r\n")
        method, target, _ = first.split()
        length = [f.split(":")[1] for f in fields if f.lower().startswith("content-length")]
        body = (await reader.readexactly(int(length[0]) if length else 0)).decode()
        path, _, query = target.partition("?")
        status, body = "404 Not Found", body
        if method == "POST":
            status, body = "201 Created", f"{publish(body)}\n"
        elif path == "/wait":
            query = dict(field.split("=") for field in query.split("&"))
            body = await wait(int(query["after"]), int(query["limit"]) / 1000)
            status = "200 OK" if body else "204 No Content"
        writer.write(f"HTTP/1.1 {status}\r\nConnection: close\r\n\r\n{body}".encode())
        await writer.drain()
    except (OSError, asyncio.IncompleteReadError):
        pass
    writer.close()


async def main():
    host, port = sys.argv[-1].rsplit(":", 1)
    server = await asyncio.start_server(serve, host, int(port), limit=2**21)
    await server.serve_forever()


asyncio.run(main())
