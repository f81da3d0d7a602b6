# fails three-in-one: makefile again for each frame
import socket
import sys


def converse(stream):
    while True:
        file = stream.makefile("rb")
        length = file.read(2)
        if len(length) < 2:
            return
        text = file.read(int.from_bytes(length, "big")).decode().upper().encode()
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
