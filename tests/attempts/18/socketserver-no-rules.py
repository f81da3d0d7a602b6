# fails refused: the handler of a tutorial, which knows no rules
import socketserver
import sys
import threading


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    clients = []
    count = 0
    door = threading.Lock()


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        with Server.door:
            Server.count += 1
            self.name = f"guest-{Server.count}"
            Server.clients.append(self)
            self.send(f"* welcome, {self.name}")
            self.broadcast(f"* {self.name} joined")
        for line in self.rfile:
            line = line.decode().rstrip("\r\n")
            if line.startswith("/name "):
                old, self.name = self.name, line[6:]
                self.send(f"= you are {self.name}")
                self.broadcast(f"* {old} is now {self.name}")
            elif line:
                self.broadcast(f"<{self.name}> {line}")

    def finish(self):
        Server.clients.remove(self)
        self.broadcast(f"* {self.name} left")

    def send(self, line):
        self.wfile.write(line.encode() + b"\n")

    def broadcast(self, line):
        for client in Server.clients:
            try:
                if client is not self:
                    client.send(line)
            except OSError:
                pass


host, port = sys.argv[-1].rsplit(":", 1)
Server((host, int(port)), Handler).serve_forever()
