# passes: one thread waits for all sockets with select
import selectors
import socket
import sys


def shown(address):
    host, port = address[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


host, port = sys.argv[-1].rsplit(":", 1)
host = host.strip("[]")
family = socket.AF_INET6 if ":" in host else socket.AF_INET
listener = socket.create_server((host, int(port)), family=family)
listener.setblocking(False)
n = 0
waiting = selectors.DefaultSelector()
waiting.register(listener, selectors.EVENT_READ)
while True:
    for _ in waiting.select():
        stream, peer = listener.accept()
        n += 1
        line = f"conn {n} local {shown(stream.getsockname())} peer {shown(peer)}"
        print(line, flush=True)
        try:
            stream.sendall(line.encode() + b"\n")
        except OSError:
            pass
        stream.close()
