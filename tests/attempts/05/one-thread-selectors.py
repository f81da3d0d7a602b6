# passes: one thread, non-blocking sockets and a selector
import selectors
import socket
import sys

selector = selectors.DefaultSelector()


def accept(listener):
    stream, peer = listener.accept()
    stream.setblocking(False)
    selector.register(stream, selectors.EVENT_READ, bytearray())


def serve(key, events):
    stream, unsent = key.fileobj, key.data
    if events & selectors.EVENT_READ:
        data = stream.recv(16384)
        if not data:
            raise EOFError
        unsent += data
    if unsent:
        try:
            del unsent[: stream.send(unsent)]
        except BlockingIOError:
            pass
    wanted = selectors.EVENT_WRITE if unsent else selectors.EVENT_READ
    selector.modify(stream, wanted, unsent)


host, port = sys.argv[-1].rsplit(":", 1)
listener = socket.create_server((host, int(port)))
selector.register(listener, selectors.EVENT_READ)
while True:
    for key, events in selector.select():
        if key.fileobj is listener:
            accept(listener)
            continue
        try:
            serve(key, events)
        except (OSError, EOFError):
            selector.unregister(key.fileobj)
            key.fileobj.close()
