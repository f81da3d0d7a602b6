# passes: needs a second until it listens
import socket
import sys
import time

host, port = sys.argv[-1].rsplit(":", 1)
time.sleep(1)
listener = socket.create_server((host, int(port)))
while True:
    stream, peer = listener.accept()
    with stream:
        try:
            while data := stream.recv(16384):
                stream.sendall(data)
        except OSError as error:
            print("a conversation ended early:", error, file=sys.stderr)
