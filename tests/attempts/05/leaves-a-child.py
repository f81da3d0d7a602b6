# fails no-children: starts a logger and does not end it
import socket
import subprocess
import sys

host, port = sys.argv[-1].rsplit(":", 1)
subprocess.Popen(["sleep", "600"], start_new_session=True)
listener = socket.create_server((host, int(port)))
while True:
    stream, peer = listener.accept()
    with stream:
        while data := stream.recv(1024):
            stream.sendall(data)
