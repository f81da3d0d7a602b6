# fails idle-first: calls the function instead of giving it to the thread
import socket
import sys
import threading

limit = int(sys.argv[-2])
host, port = sys.argv[-1].rsplit(":", 1)
listener = socket.create_server((host, int(port)))


def serve(stream):
    with stream:
        while data := stream.recv(16384):
            stream.sendall(data)


while True:
    stream, peer = listener.accept()
    threading.Thread(target=serve(stream)).start()
