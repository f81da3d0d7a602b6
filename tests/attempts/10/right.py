# passes: the handler raises, everybody is woken, all are joined
import os
import signal
import socket
import sys
import threading


class Stop(Exception):
    pass


def handler(signum, frame):
    signal.signal(signal.SIGINT, lambda signum, frame: os._exit(130))
    raise Stop


def echo(conn):
    try:
        while data := conn.recv(4096):
            conn.sendall(data)
    except OSError as error:
        print(error, file=sys.stderr)
    finally:
        conn.close()

host, port = sys.argv[1].rsplit(":", 1)
listener = socket.create_server((host, int(port)))
signal.signal(signal.SIGINT, handler)
signal.signal(signal.SIGTERM, handler)
clients = []
try:
    while True:
        conn, _ = listener.accept()
        thread = threading.Thread(target=echo, args=(conn,))
        clients = [(c, t) for c, t in clients if t.is_alive()] + [(conn, thread)]
        thread.start()
except Stop:
    listener.close()
    for conn, _ in clients:
        try:
            conn.shutdown(socket.SHUT_RD)
        except OSError:
            pass  # It has left.
    for _, thread in clients:
        thread.join()
