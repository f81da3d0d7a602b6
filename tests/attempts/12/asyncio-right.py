# passes: asyncio
import asyncio
import sys


class Receiver(asyncio.DatagramProtocol):
    def __init__(self, give_up, linger, over):
        self.give_up, self.linger, self.over = give_up, linger, over
        self.content, self.sender, self.complete = [], None, False
        self.timer = None

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, datagram, peer):
        number = int.from_bytes(datagram[:2], "big")
        if not 2 <= len(datagram) <= 514:
            return
        if self.sender is None and number == 1:
            self.sender = peer
        if peer != self.sender:
            return
        if number == len(self.content) + 1 and not self.complete:
            self.content.append(datagram[2:])
            self.complete = len(datagram) < 514
        if 1 <= number <= len(self.content):
            self.transport.sendto(datagram[:2], peer)
        if self.timer:
            self.timer.cancel()
        limit = self.linger if self.complete else self.give_up
        self.timer = asyncio.get_running_loop().call_later(limit, self.over.set)


async def main():
    host, port = sys.argv[-1].rsplit(":", 1)
    over = asyncio.Event()
    receiver = Receiver(int(sys.argv[-3]) / 1000, int(sys.argv[-2]) / 1000, over)
    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(lambda: receiver, local_addr=(host, int(port)))
    await over.wait()
    if not receiver.complete:
        sys.exit("the sender has vanished")
    sys.stdout.buffer.write(b"".join(receiver.content))


asyncio.run(main())
