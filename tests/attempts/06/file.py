# passes: makefile, once for a connection
import socket
import sys


def converse(stream):
    file = stream.makefile("rb")
    while len(length := file.read(2)) == 2:
        length = int.from_bytes(length, "big")
        text = file.read(length)
        if len(text) < length:
            return
        text = text.decode().upper().encode()
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
