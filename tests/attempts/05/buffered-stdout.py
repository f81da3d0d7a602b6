# passes: prints much, and flushes nothing
import socket
import sys

host, port = sys.argv[-1].rsplit(":", 1)
print("starting " * 20000)
listener = socket.create_server((host, int(port)))
while True:
    stream, peer = listener.accept()
    with stream:
        try:
            while data := stream.recv(16384):
                print(data)
                stream.sendall(data)
        except OSError as error:
            print("a conversation ended early:", error, file=sys.stderr)
