# fails cut-off: read of a file gives less at the end, and that is answered
import socket
import sys


def converse(stream):
    file = stream.makefile("rb")
    while len(length := file.read(2)) == 2:
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
