# fails port-zero: binds the address, and never calls listen
import socket
import sys

given = sys.argv[-1]
host, port = given.rsplit(":", 1)
host = host.strip("[]")
family = socket.AF_INET6 if ":" in host else socket.AF_INET
import time

listener = socket.socket(family)
listener.bind((host, int(port)))
host, port = listener.getsockname()[:2]
host = f"[{host}]" if ":" in host else host
print(f"listening on {host}:{port}", flush=True)
while True:
    time.sleep(1)
