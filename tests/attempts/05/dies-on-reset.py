# fails half-close: an exception of one connection ends the program
import socket
import sys

host, port = sys.argv[-1].rsplit(":", 1)
listener = socket.create_server((host, int(port)))
while True:
    stream, peer = listener.accept()
    with stream:
        while data := stream.recv(1024):
            stream.sendall(data)
