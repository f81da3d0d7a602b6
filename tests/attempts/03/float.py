# fails line: the milliseconds have a fraction
import socket
import sys
import threading
import time


def serve(stream):
    try:
        stream.sendall(f"time {time.time() * 1000}\n".encode())
        stream.shutdown(socket.SHUT_WR)
        stream.settimeout(1)
        while stream.recv(16384):
            pass
    except OSError:
        pass
    stream.close()


host, port = sys.argv[-1].rsplit(":", 1)
listener = socket.create_server((host, int(port)))
while True:
    stream, _ = listener.accept()
    threading.Thread(target=serve, args=(stream,), daemon=True).start()
