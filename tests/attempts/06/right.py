# passes
import socket
import sys


def frames(stream):
    inbox = b""
    while data := stream.recv(4096):
        inbox += data
        while len(inbox) >= 2:
            end = 2 + int.from_bytes(inbox[:2], "big")
            if len(inbox) < end:
                break
            yield inbox[2:end]
            inbox = inbox[end:]


host, port = sys.argv[-1].rsplit(":", 1)
listener = socket.create_server((host, int(port)))
while True:
    stream, peer = listener.accept()
    with stream:
        try:
            for frame in frames(stream):
                text = frame.decode().upper().encode()
                stream.sendall(len(text).to_bytes(2, "big") + text)
        except (OSError, UnicodeError, OverflowError) as error:
            print("a conversation ended early:", error, file=sys.stderr)
