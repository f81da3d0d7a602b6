# fails busy: ends with a trace that names the address
import socket
import sys

given = sys.argv[-1]
host, port = given.rsplit(":", 1)
host = host.strip("[]")
family = socket.AF_INET6 if ":" in host else socket.AF_INET
try:
    listener = socket.create_server((host, int(port)), family=family)
except OSError as error:
    raise OSError(f"could not listen on {given}")
host, port = listener.getsockname()[:2]
host = f"[{host}]" if ":" in host else host
print(f"listening on {host}:{port}", flush=True)
while True:
    listener.accept()[0].close()
