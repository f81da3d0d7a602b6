# passes: the handler closes the listener, and accept fails
import os
import signal
import socket
import sys
import threading


def handler(signum, frame):
    signal.signal(signal.SIGINT, lambda signum, frame: os._exit(130))
    listener.close()


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
except OSError:
    for conn, _ in clients:
        try:
            conn.shutdown(socket.SHUT_RD)
        except OSError:
            pass  # It has left.
    for _, thread in clients:
        thread.join()
