# fails reordering: a block 1 that comes again is the beginning of a new file
import socket
import sys
import time

give_up, linger = (int(word) / 1000 for word in sys.argv[-3:-1])
host, port = sys.argv[-1].rsplit(":", 1)
receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
receiver.bind((host, int(port)))

content = []
sender = None
deadline = None
complete = False
while True:
    try:
        if deadline is not None:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            receiver.settimeout(left)
        datagram, peer = receiver.recvfrom(65536)
    except TimeoutError:
        break
    if not 2 <= len(datagram) <= 514:
        continue
    number = int.from_bytes(datagram[:2], "big")
    if sender is None and number == 1:
        sender = peer
    if peer != sender:
        continue
    if number == 1 and not complete:
        content = []
    if number == len(content) + 1 and not complete:
        content.append(datagram[2:])
        complete = len(datagram) < 514
    if 1 <= number <= len(content):
        receiver.sendto(datagram[:2], peer)
    deadline = time.monotonic() + (linger if complete else give_up)

if not complete:
    sys.exit("the sender has vanished")
sys.stdout.buffer.write(b"".join(content))
