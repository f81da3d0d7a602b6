# fails name: prints the host that it was given
import socket
import sys

given = sys.argv[-1]
host, port = given.rsplit(":", 1)
host = host.strip("[]")
family = socket.AF_INET6 if ":" in host else socket.AF_INET
try:
    listener = socket.create_server((host, int(port)), family=family)
except OSError as error:
    sys.exit(f"could not listen on {given}: {error}")
port = listener.getsockname()[1]
print(f"listening on {host}:{port}", flush=True)
while True:
    listener.accept()[0].close()
