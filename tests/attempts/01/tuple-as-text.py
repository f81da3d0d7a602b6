# fails own-address: the address is printed as Python shows it
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
    line = f"conn {n} local {stream.getsockname()} peer {peer}"
    print(line, flush=True)
    stream.sendall(line.encode() + b"\n")
    stream.close()
