# passes: does not end when it is asked to
import signal
import socket
import sys
import threading
import time


def serve(stream):
    try:
        stream.sendall(f"time {time.time_ns() // 1_000_000}\n".encode())
        stream.shutdown(socket.SHUT_WR)
        stream.settimeout(1)
        while stream.recv(16384):
            pass
    except OSError:
        pass
    stream.close()


signal.signal(signal.SIGTERM, signal.SIG_IGN)
host, port = sys.argv[-1].rsplit(":", 1)
listener = socket.create_server((host, int(port)))
while True:
    stream, _ = listener.accept()
    threading.Thread(target=serve, args=(stream,), daemon=True).start()
