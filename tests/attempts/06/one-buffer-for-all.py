# fails cut-off: what one client has left over is put before the next
import socket
import sys


inbox = b""


def converse(stream):
    global inbox
    while data := stream.recv(4096):
        inbox += data
        while len(inbox) >= 2:
            end = 2 + int.from_bytes(inbox[:2], "big")
            if len(inbox) < end:
                break
            text, inbox = inbox[2:end], inbox[end:]
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
