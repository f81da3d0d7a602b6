# fails no-client: nobody catches KeyboardInterrupt
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
while True:
    conn, _ = listener.accept()
    threading.Thread(target=echo, args=(conn,), daemon=True).start()
