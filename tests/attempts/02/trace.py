# fails busy: ends with a trace
import socket
import sys

given = sys.argv[-1]
host, port = given.rsplit(":", 1)
host = host.strip("[]")
family = socket.AF_INET6 if ":" in host else socket.AF_INET
listener = socket.create_server((host, int(port)), family=family)
host, port = listener.getsockname()[:2]
host = f"[{host}]" if ":" in host else host
print(f"listening on {host}:{port}", flush=True)
while True:
    listener.accept()[0].close()
