# fails one-mib: accepts again after each answer
import socket
import sys

host, port = sys.argv[-1].rsplit(":", 1)
listener = socket.create_server((host, int(port)))
kept = []
while True:
    stream, peer = listener.accept()
    kept.append(stream)
    stream.sendall(stream.recv(1024))
