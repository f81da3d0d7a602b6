# passes: on socketserver, a thread for each client
import socket
import socketserver
import sys


def shown(address):
    host, port = address[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    count = 0

    def process_request(self, request, peer):
        self.count += 1
        request = (self.count, request)
        super().process_request(request, peer)

    def shutdown_request(self, request):
        super().shutdown_request(request[1])


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        n, stream = self.request
        try:
            line = f"conn {n} local {shown(stream.getsockname())} peer {shown(self.client_address)}"
            print(line, flush=True)
            stream.sendall(line.encode() + b"\n")
        except OSError:
            pass


host, port = sys.argv[-1].rsplit(":", 1)
host = host.strip("[]")
Server.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
Server((host, int(port)), Handler).serve_forever()
