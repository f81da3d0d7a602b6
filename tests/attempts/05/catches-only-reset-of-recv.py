# fails slow-reader: sendall stands outside of try
import socket
import sys

host, port = sys.argv[-1].rsplit(":", 1)
listener = socket.create_server((host, int(port)))
while True:
    stream, peer = listener.accept()
    with stream:
        while True:
            try:
                data = stream.recv(1024)
            except ConnectionResetError:
                break
            if not data:
                break
            stream.sendall(data)
