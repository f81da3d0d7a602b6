# passes
import socket
import sys


def bound(host, port):
    """A listener on the first address of the name that works."""
    problem = OSError("the name has no address")
    for family, kind, protocol, _, address in socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    ):
        listener = socket.socket(family, kind, protocol)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen()
            return listener
        except OSError as error:
            listener.close()
            problem = error
    raise problem


given = sys.argv[-1]
try:
    host, port = given.rsplit(":", 1)
    if int(port) > 65535:
        raise ValueError("no such port")
    listener = bound(host.strip("[]"), int(port))
except (OSError, ValueError) as error:
    sys.exit(f"could not listen on {given}: {error}")
host, port = listener.getsockname()[:2]
host = f"[{host}]" if ":" in host else host
print(f"listening on {host}:{port}", flush=True)
while True:
    stream, _ = listener.accept()
    stream.close()
