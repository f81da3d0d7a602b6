# fails line: the time as a person reads it
import socket
import sys
import threading
import time


def serve(stream):
    try:
        stream.sendall(f"time {time.strftime('%H:%M:%S')}\n".encode())
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
