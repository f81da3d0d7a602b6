# fails binary: strips white space
import socket
import sys

host, port = sys.argv[-1].rsplit(":", 1)
listener = socket.create_server((host, int(port)))
while True:
    stream, peer = listener.accept()
    with stream:
        try:
            while data := stream.recv(1024):
                stream.sendall(data.strip())
        except OSError as error:
            print(error)
