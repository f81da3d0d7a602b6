# fails fifty: a reset ends the server with a trace
import socket
import sys
import time


def serve(stream):
    stream.sendall(f"time {time.time_ns() // 1_000_000}\n".encode())
    stream.shutdown(socket.SHUT_WR)
    while stream.recv(16384):
        pass
    stream.close()


host, port = sys.argv[-1].rsplit(":", 1)
listener = socket.create_server((host, int(port)))
while True:
    stream, _ = listener.accept()
    serve(stream)
