# fails any-address: binds the empty host, which is every address
import socket
import sys


def shown(address):
    host, port = address[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


port = sys.argv[-1].rsplit(":", 1)[1]
listener = socket.create_server(("", int(port)))
n = 0
while True:
    stream, peer = listener.accept()
    n += 1
    line = f"conn {n} local {shown(stream.getsockname())} peer {shown(peer)}"
    print(line, flush=True)
    try:
        stream.sendall(line.encode() + b"\n")
    except OSError:
        pass
    stream.close()
