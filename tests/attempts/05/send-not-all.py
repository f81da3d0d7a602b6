# fails slow-reader: send, and its result thrown away
import socket
import sys

host, port = sys.argv[-1].rsplit(":", 1)
listener = socket.create_server((host, int(port)))
while True:
    stream, peer = listener.accept()
    with stream:
        try:
            while data := stream.recv(65536):
                stream.send(data)
        except OSError as error:
            print(error)
