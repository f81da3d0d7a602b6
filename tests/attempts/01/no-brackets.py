# fails any-address: an IPv6 address without its brackets
import socket
import sys

host, port = sys.argv[-1].rsplit(":", 1)
host = host.strip("[]")
family = socket.AF_INET6 if ":" in host else socket.AF_INET
listener = socket.create_server((host, int(port)), family=family)
n = 0
while True:
    stream, peer = listener.accept()
    n += 1
    local = stream.getsockname()
    line = f"conn {n} local {local[0]}:{local[1]} peer {peer[0]}:{peer[1]}"
    print(line, flush=True)
    try:
        stream.sendall(line.encode() + b"\n")
    except OSError:
        pass
    stream.close()
