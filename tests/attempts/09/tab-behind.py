# fails pong: tabs behind the line are taken away
import socket, sys, threading, time

limit = int(sys.argv[1]) / 1000
host, port = sys.argv[2].rsplit(":", 1)
listener = socket.create_server((host, int(port)))


def serve(s):
    begun, deadline = b"", time.monotonic() + limit
    with s:
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                return
            s.settimeout(left)
            try:
                more = s.recv(1024)
                if not more:
                    return
                begun += more
                while b"\n" in begun:
                    line, begun = begun.split(b"\n", 1)
                    s.settimeout(limit)
                    line = line.rstrip(b"\r\t")
                    s.sendall(b"PONG\n" if line == b"PING" else b"ERROR\n")
                    deadline = time.monotonic() + limit
            except OSError:
                return


while True:
    s, _ = listener.accept()
    threading.Thread(target=serve, args=[s], daemon=True).start()
