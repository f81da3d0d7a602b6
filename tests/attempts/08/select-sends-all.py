# fails twenty: one thread, and a client that does not read keeps it in sendall
import select
import socket
import sys

limit = int(sys.argv[-2])
host, port = sys.argv[-1].rsplit(":", 1)
listener = socket.create_server((host, int(port)))
clients = []
while True:
    for ready in select.select([listener] + clients, [], [])[0]:
        if ready is listener:
            clients.append(listener.accept()[0])
            continue
        try:
            data = ready.recv(16384)
            ready.sendall(data)
        except OSError:
            data = b""
        if not data:
            clients.remove(ready)
            ready.close()
