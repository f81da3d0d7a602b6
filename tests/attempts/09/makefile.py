# fails drip: readline has the limit for each recv inside it
import socket, sys, threading

limit = int(sys.argv[1]) / 1000
host, port = sys.argv[2].rsplit(":", 1)
listener = socket.create_server((host, int(port)))


def serve(s):
    s.settimeout(limit)
    try:
        with s, s.makefile("rb") as lines:
            for line in lines:
                s.sendall(b"PONG\n" if line == b"PING\n" else b"ERROR\n")
    except OSError:
        pass


while True:
    s, _ = listener.accept()
    threading.Thread(target=serve, args=[s], daemon=True).start()
