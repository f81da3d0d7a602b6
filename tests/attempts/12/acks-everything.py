# fails reordering: a dictionary of blocks, and each is acknowledged
import socket
import sys

give_up, linger = (int(word) / 1000 for word in sys.argv[-3:-1])
host, port = sys.argv[-1].rsplit(":", 1)
receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
receiver.bind((host, int(port)))

blocks = {}
last = None
sender = None
while True:
    try:
        datagram, peer = receiver.recvfrom(2048)
    except TimeoutError:
        break
    if not 2 <= len(datagram) <= 514 or sender not in (None, peer):
        continue
    sender = peer
    number = int.from_bytes(datagram[:2], "big")
    blocks[number] = datagram[2:]
    if len(datagram) < 514:
        last = number
    receiver.sendto(datagram[:2], peer)
    receiver.settimeout(linger if last else give_up)

if last is None:
    sys.exit("the sender has vanished")
sys.stdout.buffer.write(b"".join(blocks[n] for n in range(1, last + 1)))
