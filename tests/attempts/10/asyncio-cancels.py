# fails in-progress: asyncio, and the tasks are cancelled
import asyncio
import os
import signal
import sys

clients = {}


async def echo(reader, writer):
    clients[asyncio.current_task()] = writer
    try:
        while data := await reader.read(4096):
            writer.write(data)
            await writer.drain()
    except (OSError, asyncio.CancelledError) as error:
        print(error, file=sys.stderr)
    finally:
        writer.close()
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
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)


asyncio.run(main())
