# fails three-in-one: takes one recv for one frame
import socket
import sys


def converse(stream):
    while data := stream.recv(70000):
        text = data[2:].decode().upper().encode()
        stream.sendall(len(text).to_bytes(2, "big") + text)


host, port = sys.argv[-1].rsplit(":", 1)
listener = socket.create_server((host, int(port)))
while True:
    stream, peer = listener.accept()
    with stream:
        try:
            converse(stream)
        except (OSError, ValueError, OverflowError, EOFError) as error:
            print("a conversation ended early:", error, file=sys.stderr)
