# passes
import socket
import sys


def shown(address):
    host, port = address[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


host, port = sys.argv[-1].rsplit(":", 1)
host = host.strip("[]")
family = socket.AF_INET6 if ":" in host else socket.AF_INET
listener = socket.create_server((host, int(port)), family=family)
number = 0
while True:
    stream, peer = listener.accept()
    number += 1
    with stream:
        try:
            local = stream.getsockname()
            line = f"conn {number} local {shown(local)} peer {shown(peer)}"
            print(line, flush=True)
            stream.sendall(line.encode() + b"\n")
        except OSError as error:
            print(f"connection {number} ended early: {error}", file=sys.stderr)
