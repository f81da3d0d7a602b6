# fails no-panic: an exception in the thread of a connection
import socket
import sys
import threading

host, port = sys.argv[-1].rsplit(":", 1)
def echo(stream):
    while data := stream.recv(1024):
        stream.sendall(data)
    stream.close()


listener = socket.create_server((host, int(port)))
while True:
    stream, peer = listener.accept()
    threading.Thread(target=echo, args=(stream,), daemon=True).start()
