# fails slow-reader: one thread for all, and sendall waits
import selectors, socket, sys, time

limit = int(sys.argv[1]) / 1000
host, port = sys.argv[2].rsplit(":", 1)
listener = socket.create_server((host, int(port)))
ready = selectors.DefaultSelector()
ready.register(listener, selectors.EVENT_READ)
clients = {}


def forget(s):
    ready.unregister(s)
    del clients[s]
    s.close()


while True:
    now = time.monotonic()
    wait = min([deadline - now for _, deadline in clients.values()], default=None)
    for key, _ in ready.select(wait if wait is None else max(wait, 0)):
        s = key.fileobj
        if s is listener:
            s, _ = listener.accept()
            ready.register(s, selectors.EVENT_READ)
            clients[s] = (b"", time.monotonic() + limit)
            continue
        try:
            more = s.recv(65536)
            begun, deadline = clients[s]
            begun += more
            while b"\n" in begun:
                line, begun = begun.split(b"\n", 1)
                s.sendall(b"PONG\n" if line == b"PING" else b"ERROR\n")
                deadline = time.monotonic() + limit
            clients[s] = (begun, deadline)
        except OSError:
            more = b""
        if not more:
            forget(s)
    for s in [s for s, (_, deadline) in clients.items() if deadline <= time.monotonic()]:
        forget(s)
