# passes: prints much, and leaves its output in a buffer
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
print("starting\n" * 20_000)
while True:
    stream, peer = listener.accept()
    n += 1
    line = f"conn {n} local {shown(stream.getsockname())} peer {shown(peer)}"
    print(line)
    try:
        stream.sendall(line.encode() + b"\n")
    except OSError:
        pass
    stream.close()
