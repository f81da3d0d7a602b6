# fails binary: takes the bytes for text
import socket
import sys

host, port = sys.argv[-1].rsplit(":", 1)
listener = socket.create_server((host, int(port)))
while True:
    stream, peer = listener.accept()
    with stream:
        try:
            while True:
                text = stream.recv(1024).decode()
                if not text:
                    break
                stream.sendall(text.encode())
        except OSError as error:
            print(error)
