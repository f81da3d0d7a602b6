# passes: asyncio, which is told of signals as of other events
import asyncio
import os
import signal
import socket
import sys

clients = {}


async def echo(reader, writer):
    clients[asyncio.current_task()] = writer
    try:
        while data := await reader.read(4096):
            writer.write(data)
            await writer.drain()
        writer.close()
        await writer.wait_closed()
    except OSError as error:
        print(error, file=sys.stderr)
    finally:
        del clients[asyncio.current_task()]


async def main():
    host, port = sys.argv[1].rsplit(":", 1)
    server = await asyncio.start_server(echo, host, int(port))
    signals = asyncio.Queue()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, signals.put_nowait, number)
    await signals.get()
    loop.add_signal_handler(signal.SIGINT, os._exit, 130)
    server.close()
    tasks = list(clients)
    for writer in list(clients.values()):
        writer.get_extra_info("socket").shutdown(socket.SHUT_RD)
    if tasks:
        await asyncio.wait(tasks)


asyncio.run(main())
