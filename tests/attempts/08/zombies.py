# fails two-hundred: a process for each client, and nobody waits for its end
import os
import select
import socket
import sys

limit = int(sys.argv[-2])
host, port = sys.argv[-1].rsplit(":", 1)
listener = socket.create_server((host, int(port)))
places = os.pipe()
os.write(places[1], b"." * limit)
while True:
    stream, peer = listener.accept()
    if not select.select([places[0]], [], [], 0)[0]:
        try:
            stream.sendall(b"busy\n")
            stream.shutdown(socket.SHUT_WR)
            stream.setblocking(False)
            stream.recv(65536)
        except OSError:
            pass
        stream.close()
        continue
    os.read(places[0], 1)
    if os.fork() == 0:
        listener.close()
        try:
            while data := stream.recv(16384):
                stream.sendall(data)
        except OSError:
            pass
        os.write(places[1], b".")
        os._exit(0)
    stream.close()
