# fails no-client: the handler sets a flag, and Python goes on with accept
import signal
import socket
import sys
import threading

stopping = False


def handler(signum, frame):
    global stopping
    stopping = True


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
while not stopping:
    conn, _ = listener.accept()
    threading.Thread(target=echo, args=(conn,), daemon=True).start()
