# passes: one socket for both families
import socket
import sys

host, port = sys.argv[-1].rsplit(":", 1)
listener = socket.create_server(
    ("", int(port)), family=socket.AF_INET6, dualstack_ipv6=True
)
while True:
    stream, peer = listener.accept()
    with stream:
        try:
            while data := stream.recv(16384):
                stream.sendall(data)
        except OSError as error:
            print("a conversation ended early:", error, file=sys.stderr)
