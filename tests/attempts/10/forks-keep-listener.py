# fails no-new: the children have the listener, too
import os
import signal
import socket
import sys

host, port = sys.argv[1].rsplit(":", 1)
listener = socket.create_server((host, int(port)))


class Stop(Exception):
    pass


def handler(signum, frame):
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    raise Stop


def serve(conn):
    signal.signal(signal.SIGINT, lambda signum, frame: conn.shutdown(socket.SHUT_RD))
    signal.signal(signal.SIGTERM, lambda signum, frame: conn.shutdown(socket.SHUT_RD))
    try:
        while data := conn.recv(4096):
            conn.sendall(data)
    except OSError:
        pass
    os._exit(0)


signal.signal(signal.SIGINT, handler)
signal.signal(signal.SIGTERM, handler)
children = []
try:
    while True:
        conn, _ = listener.accept()
        child = os.fork()
        if child == 0:
            serve(conn)
        conn.close()
        children.append(child)
except Stop:
    listener.close()
    for child in children:
        os.waitpid(child, 0)
