# passes: asyncio
import asyncio, random, re, sys


class Dice(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, request, sender):
        found = re.fullmatch(rb"roll ([0-9]+)d([0-9]+)\n?", request)
        answer = "error\n"
        if found and 1 <= int(found[1]) <= 100 and 2 <= int(found[2]) <= 1000:
            rolled = [random.randint(1, int(found[2])) for _ in range(int(found[1]))]
            answer = f"{' '.join(map(str, rolled))} = {sum(rolled)}\n"
        self.transport.sendto(answer.encode(), sender)


async def main():
    host, port = sys.argv[-1].rsplit(":", 1)
    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(Dice, local_addr=(host, int(port)))
    await asyncio.Event().wait()


asyncio.run(main())
