# passes: takes no notice of SIGTERM, and is killed
import signal
import socket
import sys

host, port = sys.argv[-1].rsplit(":", 1)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
listener = socket.create_server((host, int(port)))
while True:
    stream, peer = listener.accept()
    with stream:
        try:
            while data := stream.recv(16384):
                stream.sendall(data)
        except OSError as error:
            print("a conversation ended early:", error, file=sys.stderr)
