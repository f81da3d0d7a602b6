# passes: on asyncio, all at once
import asyncio
import socket
import sys


async def probe(target):
    host, port = target.rsplit(":", 1)
    try:
        async with asyncio.timeout(1):
            _, writer = await asyncio.open_connection(host, int(port))
        writer.close()
        return "open"
    except ConnectionRefusedError:
        return "refused"
    except TimeoutError:
        return "timeout"
    except socket.gaierror:
        return "unresolved"
    except OSError:
        return "failed"


async def main():
    targets = sys.argv[1:]
    outcomes = await asyncio.gather(*map(probe, targets))
    for target, outcome in zip(targets, outcomes):
        print(target, outcome)
    return 0 if all(outcome == "open" for outcome in outcomes) else 1


sys.exit(asyncio.run(main()))
