# fails junk: closes with bytes unread, which is a reset
import socket
import sys
import threading
import time


def serve(stream):
    try:
        stream.sendall(f"time {time.time_ns() // 1_000_000}\n".encode())
    except OSError:
        pass
    stream.close()


host, port = sys.argv[-1].rsplit(":", 1)
listener = socket.create_server((host, int(port)))
while True:
    stream, _ = listener.accept()
    threading.Thread(target=serve, args=(stream,), daemon=True).start()
