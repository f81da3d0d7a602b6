# passes: on asyncio
import asyncio
import sys


async def main(given):
    host, port = given.rsplit(":", 1)
    try:
        server = await asyncio.start_server(lambda _, writer: writer.close(), host.strip("[]"), port)
    except (OSError, OverflowError) as error:
        sys.exit(f"could not listen on {given}: {error}")
    host, port = server.sockets[0].getsockname()[:2]
    print(f"listening on [{host}]:{port}" if ":" in host else f"listening on {host}:{port}", flush=True)
    await server.serve_forever()


asyncio.run(main(sys.argv[-1]))
