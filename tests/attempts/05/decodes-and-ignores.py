# fails binary: takes the bytes for text, and ignores what is none
import socket
import sys

host, port = sys.argv[-1].rsplit(":", 1)
listener = socket.create_server((host, int(port)))
while True:
    stream, peer = listener.accept()
    with stream:
        try:
            while data := stream.recv(1024):
                stream.sendall(data.decode(errors="ignore").encode())
        except OSError as error:
            print(error)
