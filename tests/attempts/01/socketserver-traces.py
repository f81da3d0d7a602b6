# fails no-panic: a handler's error is printed with its trace
import socketserver
import sys


def shown(address):
    host, port = address[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class Handler(socketserver.BaseRequestHandler):
    count = 0

    def handle(self):
        Handler.count += 1
        local, peer = self.request.getsockname(), self.request.getpeername()
        line = f"conn {Handler.count} local {shown(local)} peer {shown(peer)}"
        print(line, flush=True)
        self.request.sendall(line.encode() + b"\n")


host, port = sys.argv[-1].rsplit(":", 1)
socketserver.TCPServer.allow_reuse_address = True
socketserver.TCPServer((host, int(port)), Handler).serve_forever()
