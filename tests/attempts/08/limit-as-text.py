# fails idle-first: compares a number with a text, and ends
import socket
import sys
import threading

limit = sys.argv[-2]
host, port = sys.argv[-1].rsplit(":", 1)
listener = socket.create_server((host, int(port)))
served = []


def serve(stream):
    while data := stream.recv(16384):
        stream.sendall(data)


while True:
    stream, peer = listener.accept()
    if len(served) >= limit:
        stream.sendall(b"busy\n")
        continue
    served.append(stream)
    threading.Thread(target=serve, args=[stream], daemon=True).start()
