# fails port-zero: prints the address as Python shows it
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
print("listening on", listener.getsockname(), flush=True)
while True:
    listener.accept()[0].close()
