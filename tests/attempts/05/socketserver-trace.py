# fails no-panic: socketserver prints a trace for each exception
import socketserver
import sys


class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        while data := self.request.recv(1024):
            self.request.sendall(data)


host, port = sys.argv[-1].rsplit(":", 1)
socketserver.ThreadingTCPServer.allow_reuse_address = True
socketserver.ThreadingTCPServer((host, int(port)), Echo).serve_forever()
