# passes: on socketserver, a thread for each client
import socket
import socketserver
import sys


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True


given = sys.argv[-1]
host, port = given.rsplit(":", 1)
problem = None
for Server.address_family, _, _, _, at in socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM):
    try:
        server = Server(at, socketserver.BaseRequestHandler)
        break
    except OSError as error:
        problem = error
else:
    sys.exit(f"could not listen on {given}: {problem}")
host, port = server.server_address[:2]
print(f"listening on [{host}]:{port}" if ":" in host else f"listening on {host}:{port}", flush=True)
server.serve_forever()
