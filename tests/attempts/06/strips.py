# fails extremes: strips white space
import socket
import sys


def exactly(stream, n):
    data = b""
    while len(data) < n:
        more = stream.recv(n - len(data))
        if not more:
            raise EOFError("the stream ended")
        data += more
    return data



def converse(stream):
    while True:
        length = int.from_bytes(exactly(stream, 2), "big")
        text = exactly(stream, length).decode().strip().upper().encode()
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
