# fails no-command: UNSUB takes the first word, and leaves the rest
import queue
import socket
import sys
import threading

LONGEST = 8000
host, port = sys.argv[-1].rsplit(":", 1)
listener = socket.create_server((host, int(port)))
lock = threading.Lock()
clients = set()


class Client:
    def __init__(self, stream):
        self.stream = stream
        self.topics = set()
        self.outbox = queue.Queue(300)

    def sends(self, line):
        try:
            self.outbox.put_nowait(line)
        except queue.Full:
            self.leaves()

    def leaves(self):
        clients.discard(self)
        try:
            self.stream.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        try:
            self.outbox.put_nowait(None)
        except queue.Full:
            pass  # The writer meets an error.

    def writes(self):
        try:
            while (line := self.outbox.get()) is not None:
                self.stream.sendall(line)
        except OSError:
            pass

    def reads(self):
        rest = b""
        try:
            while piece := self.stream.recv(16384):
                *lines, rest = (rest + piece).split(b"\n")
                for line in lines:
                    line = line.removesuffix(b"\r")
                    if len(line) > LONGEST:
                        return
                    self.obeys(line)
                if len(rest) > LONGEST + 1:
                    return
        except OSError:
            pass
        finally:
            with lock:
                self.leaves()
            self.stream.close()

    def obeys(self, line):
        words = line.split(b" ", 2)
        with lock:
            if self not in clients:
                return
            if words[0] == b"PUB" and len(words) == 3 and words[1]:
                delivery = words[1] + b" " + words[2] + b"\n"
                for client in [c for c in clients if words[1] in c.topics]:
                    client.sends(delivery)
            elif words[0] == b"SUB" and len(words) == 2 and words[1]:
                self.topics.add(words[1])
                self.sends(b"ok\n")
            elif words[0] == b"UNSUB" and len(words) >= 2 and words[1]:
                self.topics.discard(words[1])
                self.sends(b"ok\n")
            else:
                self.sends(b"error\n")


while True:
    stream, peer = listener.accept()
    client = Client(stream)
    with lock:
        clients.add(client)
    threading.Thread(target=client.writes, daemon=True).start()
    threading.Thread(target=client.reads, daemon=True).start()
