# passes: serve with socketserver
import socketserver
import socket
import sys


class Counter(socketserver.StreamRequestHandler):
    def handle(self):
        try:
            self.wfile.write(b"bytes=%d\n" % len(self.rfile.read()))
        except OSError as error:
            print("a conversation ended early:", error, file=sys.stderr)


def serve(addr):
    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

    with Server(addr, Counter) as server:
        server.serve_forever()


def count(addr):
    with socket.create_connection(addr) as stream:
        stream.sendall(sys.stdin.buffer.read())
        stream.shutdown(socket.SHUT_WR)
        reply = b""
        while data := stream.recv(4096):
            reply += data
    if not reply:
        sys.exit("no reply came")
    sys.stdout.buffer.write(reply)


host, port = sys.argv[-1].rsplit(":", 1)
try:
    {"serve": serve, "count": count}[sys.argv[-2]]((host, int(port)))
except OSError as error:
    sys.exit(f"could not go on: {error}")
