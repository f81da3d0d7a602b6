# passes: one thread, non-blocking sockets and a selector
import selectors
import socket
import sys

selector = selectors.DefaultSelector()
host, port = sys.argv[-1].rsplit(":", 1)
listener = socket.create_server((host, int(port)))
selector.register(listener, selectors.EVENT_READ)


def serve(stream, inbox):
    data = stream.recv(4096)
    inbox += data
    while len(inbox) >= 2:
        end = 2 + int.from_bytes(inbox[:2], "big")
        if len(inbox) < end:
            break
        text = inbox[2:end].decode().upper().encode()
        stream.settimeout(10)
        stream.sendall(len(text).to_bytes(2, "big") + text)
        stream.setblocking(False)
        del inbox[:end]
    return data


while True:
    for key, events in selector.select():
        if key.fileobj is listener:
            stream, peer = listener.accept()
            stream.setblocking(False)
            selector.register(stream, selectors.EVENT_READ, bytearray())
            continue
        try:
            goes_on = serve(key.fileobj, key.data)
        except (OSError, ValueError, OverflowError):
            goes_on = False
        if not goes_on:
            selector.unregister(key.fileobj)
            key.fileobj.close()
