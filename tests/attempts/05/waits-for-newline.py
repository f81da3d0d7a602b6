# fails hello: reads lines
import socket
import sys

host, port = sys.argv[-1].rsplit(":", 1)
listener = socket.create_server((host, int(port)))
while True:
    stream, peer = listener.accept()
    with stream, stream.makefile("rwb") as file:
        for line in file:
            file.write(line)
            file.flush()
