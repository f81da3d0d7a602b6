# passes: a process for each client
import os
import signal
import socket
import sys

signal.signal(signal.SIGCHLD, signal.SIG_IGN)
host, port = sys.argv[-1].rsplit(":", 1)
listener = socket.create_server((host, int(port)))
while True:
    stream, peer = listener.accept()
    if os.fork() == 0:
        listener.close()
        try:
            while data := stream.recv(16384):
                stream.sendall(data)
        except OSError:
            pass
        os._exit(0)
    stream.close()
