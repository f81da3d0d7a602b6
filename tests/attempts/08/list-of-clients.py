# fails slot-free: a client is taken off the list at the end of its stream only
import socket
import sys
import threading

limit = int(sys.argv[-2])
host, port = sys.argv[-1].rsplit(":", 1)
listener = socket.create_server((host, int(port)))
clients = []


def serve(stream):
    try:
        while data := stream.recv(16384):
            stream.sendall(data)
    except OSError:
        return
    clients.remove(stream)
    stream.close()


while True:
    stream, peer = listener.accept()
    if len(clients) >= limit:
        stream.sendall(b"busy\n")
        stream.shutdown(socket.SHUT_WR)
        stream.settimeout(0.01)
        try:
            stream.recv(65536)
        except OSError:
            pass
        stream.close()
        continue
    clients.append(stream)
    threading.Thread(target=serve, args=[stream], daemon=True).start()
