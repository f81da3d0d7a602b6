# fails no-panic: nobody catches the end of the time limit
import socket
import sys

give_up, linger = (int(word) / 1000 for word in sys.argv[-3:-1])
host, port = sys.argv[-1].rsplit(":", 1)
receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
receiver.bind((host, int(port)))

content = []
complete = False
peer = None
while True:
    try:
        datagram, peer_now = receiver.recvfrom(2048)
    except TimeoutError:
        if complete:
            break
        raise
    number = int.from_bytes(datagram[:2], "big")
    if not 2 <= len(datagram) <= 514 or (peer is None and number != 1):
        continue
    if peer is None:
        peer = peer_now
        receiver.connect(peer)
    if peer_now != peer:
        continue
    if number == len(content) + 1 and not complete:
        content.append(datagram[2:])
        complete = len(datagram) < 514
        receiver.settimeout(linger if complete else give_up)
    if 1 <= number <= len(content):
        receiver.send(datagram[:2])
sys.stdout.buffer.write(b"".join(content))
