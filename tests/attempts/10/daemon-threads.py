# fails in-progress: catches KeyboardInterrupt, and leaves its threads
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
try:
    while True:
        conn, _ = listener.accept()
        threading.Thread(target=echo, args=(conn,), daemon=True).start()
except KeyboardInterrupt:
    print("good bye")
    listener.close()
