# fails busy: the pool keeps clients in a queue of its own
import socket
import sys
from concurrent.futures import ThreadPoolExecutor

limit = int(sys.argv[-2])
host, port = sys.argv[-1].rsplit(":", 1)
listener = socket.create_server((host, int(port)))
pool = ThreadPoolExecutor(limit)


def serve(stream):
    try:
        with stream:
            while data := stream.recv(16384):
                stream.sendall(data)
    except OSError:
        pass


while True:
    stream, peer = listener.accept()
    pool.submit(serve, stream)
