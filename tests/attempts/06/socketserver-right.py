# passes: socketserver
import socketserver
import sys


class Words(socketserver.StreamRequestHandler):
    def handle(self):
        try:
            while len(length := self.rfile.read(2)) == 2:
                length = int.from_bytes(length, "big")
                text = self.rfile.read(length)
                if len(text) < length:
                    return
                text = text.decode().upper().encode()
                self.wfile.write(len(text).to_bytes(2, "big") + text)
        except (OSError, ValueError, OverflowError) as error:
            print("a conversation ended early:", error, file=sys.stderr)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


host, port = sys.argv[-1].rsplit(":", 1)
with Server((host, int(port)), Words) as server:
    server.serve_forever()
