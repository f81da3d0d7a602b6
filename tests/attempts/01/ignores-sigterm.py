# passes: does not end when it is asked to
import signal
import socket
import sys


def shown(address):
    host, port = address[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


signal.signal(signal.SIGTERM, signal.SIG_IGN)
host, port = sys.argv[-1].rsplit(":", 1)
host = host.strip("[]")
family = socket.AF_INET6 if ":" in host else socket.AF_INET
listener = socket.create_server((host, int(port)), family=family)
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
