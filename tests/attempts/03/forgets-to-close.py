# fails end: never closes, and a list keeps the sockets
import socket
import sys
import time


def serve(stream):
    kept.append(stream)
    stream.sendall(f"time {time.time_ns() // 1_000_000}\n".encode())


kept = []
host, port = sys.argv[-1].rsplit(":", 1)
listener = socket.create_server((host, int(port)))
while True:
    stream, _ = listener.accept()
    serve(stream)
