# fails starts: listens where the tutorial listens
import socket
import sys

host, port = sys.argv[-1].rsplit(":", 1)
listener = socket.create_server(("localhost", 8080), reuse_port=True)
while True:
    stream, peer = listener.accept()
    with stream:
        while data := stream.recv(1024):
            stream.sendall(data)
