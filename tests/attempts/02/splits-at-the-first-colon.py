# fails ipv6: splits host and port at the first colon
import socket
import sys

given = sys.argv[-1]
host, port = given.split(":")
host = host.strip("[]")
family = socket.AF_INET6 if ":" in host else socket.AF_INET
try:
    listener = socket.create_server((host, int(port)), family=family)
except OSError as error:
    sys.exit(f"could not listen on {given}: {error}")
host, port = listener.getsockname()[:2]
host = f"[{host}]" if ":" in host else host
print(f"listening on {host}:{port}", flush=True)
while True:
    listener.accept()[0].close()
