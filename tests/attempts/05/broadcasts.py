# fails half-close: sends what one client says to all of them
import socket
import sys
import threading

host, port = sys.argv[-1].rsplit(":", 1)
clients = []


def serve(stream):
    try:
        while data := stream.recv(1024):
            for client in list(clients):
                client.sendall(data)
    except OSError as error:
        print(error)
    clients.remove(stream)
    stream.close()


listener = socket.create_server((host, int(port)))
while True:
    stream, peer = listener.accept()
    clients.append(stream)
    threading.Thread(target=serve, args=(stream,), daemon=True).start()
