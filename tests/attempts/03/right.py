# passes
import socket
import sys
import threading
import time

PATIENCE = 1.0


def serve(stream):
    with stream:
        try:
            stream.sendall(f"time {time.time_ns() // 1_000_000}\n".encode())
            stream.shutdown(socket.SHUT_WR)
            deadline = time.monotonic() + PATIENCE
            while (left := deadline - time.monotonic()) > 0:
                stream.settimeout(left)
                if not stream.recv(16384):
                    break
        except OSError as error:
            print("a conversation ended early:", error, file=sys.stderr)


host, port = sys.argv[-1].rsplit(":", 1)
listener = socket.create_server((host, int(port)))
while True:
    stream, _ = listener.accept()
    threading.Thread(target=serve, args=(stream,), daemon=True).start()
