# passes: a semaphore that is asked without waiting
import socket
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

limit = int(sys.argv[-2])
host, port = sys.argv[-1].rsplit(":", 1)
listener = socket.create_server((host, int(port)))
places = threading.Semaphore(limit)
pool = ThreadPoolExecutor(limit)


def serve(stream):
    try:
        with stream:
            while data := stream.recv(16384):
                stream.sendall(data)
    except OSError:
        pass
    finally:
        places.release()


while True:
    stream, peer = listener.accept()
    if places.acquire(blocking=False):
        pool.submit(serve, stream)
        continue
    with stream:
        try:
            stream.sendall(b"busy\n")
            stream.shutdown(socket.SHUT_WR)
            stream.settimeout(0.05)
            while stream.recv(16384):
                pass
        except OSError:
            pass
