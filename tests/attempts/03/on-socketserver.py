# passes: on socketserver, a thread for each client
import socket
import socketserver
import sys
import time


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        try:
            self.request.sendall(f"time {time.time_ns() // 1_000_000}\n".encode())
            self.request.shutdown(socket.SHUT_WR)
            self.request.settimeout(1)
            while self.request.recv(16384):
                pass
        except OSError:
            pass


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


host, port = sys.argv[-1].rsplit(":", 1)
Server((host, int(port)), Handler).serve_forever()
