# passes: one thread, sockets that do not block, and a buffer for each
import selectors
import socket
import sys

host, port = sys.argv[-1].rsplit(":", 1)
listener = socket.create_server((host, int(port)))
listener.setblocking(False)
selector = selectors.DefaultSelector()
selector.register(listener, selectors.EVENT_READ, None)


class Client:
    def __init__(self, stream):
        self.stream = stream
        self.topics = set()
        self.inbox = b""
        self.outbox = bytearray()


clients = {}


def leaves(client):
    if clients.pop(client.stream, None):
        selector.unregister(client.stream)
        client.stream.close()


def sends(client, line):
    if client.stream not in clients:
        return
    if len(client.outbox) > 2_000_000:
        return leaves(client)
    client.outbox += line
    selector.modify(client.stream, selectors.EVENT_READ | selectors.EVENT_WRITE, client)


def obeys(client, line):
    words = line.split(b" ", 2)
    if words[0] == b"PUB" and len(words) == 3 and words[1]:
        for other in list(clients.values()):
            if words[1] in other.topics:
                sends(other, line[4:] + b"\n")
    elif words[0] == b"SUB" and len(words) == 2 and words[1]:
        client.topics.add(words[1])
        sends(client, b"ok\n")
    elif words[0] == b"UNSUB" and len(words) == 2 and words[1]:
        client.topics.discard(words[1])
        sends(client, b"ok\n")
    else:
        sends(client, b"error\n")


def reads(client):
    try:
        piece = client.stream.recv(16384)
    except BlockingIOError:
        return
    except OSError:
        piece = b""
    if not piece:
        return leaves(client)
    *lines, client.inbox = (client.inbox + piece).split(b"\n")
    for line in lines:
        line = line.removesuffix(b"\r")
        if len(line) > 8000:
            return leaves(client)
        obeys(client, line)
    if len(client.inbox) > 8001:
        leaves(client)


def writes(client):
    try:
        n = client.stream.send(client.outbox)
    except BlockingIOError:
        return
    except OSError:
        return leaves(client)
    del client.outbox[:n]
    if not client.outbox:
        selector.modify(client.stream, selectors.EVENT_READ, client)


while True:
    for key, events in selector.select():
        client = key.data
        if client is None:
            stream, peer = listener.accept()
            stream.setblocking(False)
            clients[stream] = client = Client(stream)
            selector.register(stream, selectors.EVENT_READ, client)
            continue
        if events & selectors.EVENT_WRITE:
            writes(client)
        if events & selectors.EVENT_READ and client.stream in clients:
            reads(client)
