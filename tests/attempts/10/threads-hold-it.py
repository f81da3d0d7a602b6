# fails idle-client: Python waits for its threads, and they wait for their clients
import signal
import socket
import sys
import threading


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
signal.signal(signal.SIGTERM, signal.default_int_handler)
try:
    while True:
        conn, _ = listener.accept()
        threading.Thread(target=echo, args=(conn,)).start()
except KeyboardInterrupt:
    listener.close()
