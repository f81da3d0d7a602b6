# fails no-client: sys.exit(130)
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
signal.signal(signal.SIGINT, lambda signum, frame: sys.exit(130))
while True:
    conn, _ = listener.accept()
    threading.Thread(target=echo, args=(conn,), daemon=True).start()
