# fails any-address: makes its socket for IPv4, whatever the address
import socket
import sys


def shown(address):
    host, port = address[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


host, port = sys.argv[-1].rsplit(":", 1)
listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
listener.bind((host, int(port)))
listener.listen()
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
