# fails no-panic: a client that is quiet for 50 ms is an exception
import socket
import sys

host, port = sys.argv[-1].rsplit(":", 1)
listener = socket.create_server((host, int(port)))
while True:
    stream, peer = listener.accept()
    stream.settimeout(0.05)
    with stream:
        while data := stream.recv(1024):
            stream.sendall(data)
