# fails any-address: splits host and port at the first colon
import socket
import sys


def shown(address):
    host, port = address[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


host, port = sys.argv[-1].split(":")
listener = socket.create_server((host, int(port)))
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
