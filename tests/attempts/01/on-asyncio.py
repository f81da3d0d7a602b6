# passes: on asyncio
import asyncio
import sys


def shown(address):
    host, port = address[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


n = 0


async def tell(_, writer):
    global n
    n += 1
    local, peer = writer.get_extra_info("sockname"), writer.get_extra_info("peername")
    if local and peer:
        line = f"conn {n} local {shown(local)} peer {shown(peer)}"
        print(line, flush=True)
        writer.write(line.encode() + b"\n")
    writer.close()


async def main():
    host, port = sys.argv[-1].rsplit(":", 1)
    server = await asyncio.start_server(tell, host.strip("[]"), int(port))
    await server.serve_forever()


asyncio.run(main())
