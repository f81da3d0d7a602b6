# passes: through a pipe its line would stay in a buffer
import socket
import sys

given = sys.argv[-1]
host, port = given.rsplit(":", 1)
host = host.strip("[]")
family = socket.AF_INET6 if ":" in host else socket.AF_INET
sys.stdout.reconfigure(line_buffering=sys.stdout.isatty(), write_through=False)
try:
    listener = socket.create_server((host, int(port)), family=family)
except OSError as error:
    sys.exit(f"could not listen on {given}: {error}")
host, port = listener.getsockname()[:2]
host = f"[{host}]" if ":" in host else host
print(f"listening on {host}:{port}")
while True:
    listener.accept()[0].close()
