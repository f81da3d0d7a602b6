# passes: one thread, and a selector
import selectors
import socket
import sys

limit = int(sys.argv[-2])
host, port = sys.argv[-1].rsplit(":", 1)
listener = socket.create_server((host, int(port)))
ready = selectors.DefaultSelector()
ready.register(listener, selectors.EVENT_READ)
waiting = {}


def accept():
    stream, peer = listener.accept()
    stream.setblocking(False)
    if len(waiting) < limit:
        waiting[stream] = b""
        ready.register(stream, selectors.EVENT_READ)
        return
    with stream:
        try:
            stream.sendall(b"busy\n")
            stream.shutdown(socket.SHUT_WR)
            while stream.recv(16384):
                pass
        except OSError:
            pass


def move(stream):
    """Either there is something to send, or there may be something to read."""
    if waiting[stream]:
        sent = stream.send(waiting[stream])
        waiting[stream] = waiting[stream][sent:]
    else:
        waiting[stream] = stream.recv(16384)
        if not waiting[stream]:
            raise EOFError
    wanted = selectors.EVENT_WRITE if waiting[stream] else selectors.EVENT_READ
    ready.modify(stream, wanted)


while True:
    for key, _ in ready.select():
        if key.fileobj is listener:
            accept()
            continue
        try:
            move(key.fileobj)
        except (OSError, EOFError):
            ready.unregister(key.fileobj)
            del waiting[key.fileobj]
            key.fileobj.close()
