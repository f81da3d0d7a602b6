# fails twenty: the main thread is counted as a client
import socket
import sys
import threading

limit = int(sys.argv[-2])
host, port = sys.argv[-1].rsplit(":", 1)
listener = socket.create_server((host, int(port)))


def serve(stream):
    try:
        with stream:
            while data := stream.recv(16384):
                stream.sendall(data)
    except OSError:
        pass


while True:
    stream, peer = listener.accept()
    if threading.active_count() >= limit:
        stream.sendall(b"busy\n")
        stream.close()
        continue
    threading.Thread(target=serve, args=[stream], daemon=True).start()
