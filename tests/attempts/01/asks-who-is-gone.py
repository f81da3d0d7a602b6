# fails early-leaver: a connection that is gone has no peer any more
import socket
import sys


def shown(address):
    host, port = address[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


host, port = sys.argv[-1].rsplit(":", 1)
host = host.strip("[]")
family = socket.AF_INET6 if ":" in host else socket.AF_INET
listener = socket.create_server((host, int(port)), family=family)
n = 0
while True:
    stream, _ = listener.accept()
    n += 1
    local, peer = stream.getsockname(), stream.getpeername()
    line = f"conn {n} local {shown(local)} peer {shown(peer)}"
    print(line, flush=True)
    stream.sendall(line.encode() + b"\n")
    stream.close()
