# fails idle-first: all threads talk to the client that came last
import socket
import sys
import threading

limit = int(sys.argv[-2])
host, port = sys.argv[-1].rsplit(":", 1)
listener = socket.create_server((host, int(port)))


def serve():
    while data := stream.recv(16384):
        stream.sendall(data)
    stream.close()


while True:
    stream, peer = listener.accept()
    threading.Thread(target=serve, daemon=True).start()
