# passes: socketserver
import socketserver
import sys


class Echo(socketserver.StreamRequestHandler):
    def handle(self):
        try:
            while data := self.rfile.read1(4096):
                self.wfile.write(data)
        except OSError as error:
            print("a conversation ended early:", error, file=sys.stderr)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


host, port = sys.argv[-1].rsplit(":", 1)
with Server((host, int(port)), Echo) as server:
    server.serve_forever()
