# passes: a process for each client
import os
import socket
import sys

limit = int(sys.argv[-2])
host, port = sys.argv[-1].rsplit(":", 1)
listener = socket.create_server((host, int(port)))
children = set()
while True:
    stream, peer = listener.accept()
    for child in list(children):
        if os.waitpid(child, os.WNOHANG) != (0, 0):
            children.remove(child)
    if len(children) >= limit:
        try:
            stream.sendall(b"busy\n")
            stream.shutdown(socket.SHUT_WR)
            stream.setblocking(False)
            stream.recv(65536)
        except OSError:
            pass
        stream.close()
        continue
    child = os.fork()
    if child == 0:
        listener.close()
        try:
            while data := stream.recv(16384):
                stream.sendall(data)
        except OSError:
            pass
        os._exit(0)
    children.add(child)
    stream.close()
