# fails ten-mb: one thread with select waits in a write
import selectors
import socket
import sys


def address(text):
    host, port = text.rsplit(":", 1)
    return host, int(port)


TARGET, ADDR = map(address, sys.argv[-2:])
listener = socket.create_server(ADDR, backlog=128)
other = {}
ended = set()
choose = selectors.DefaultSelector()
choose.register(listener, selectors.EVENT_READ)


def close(one):
    for side in (one, other.pop(one)):
        other.pop(side, None)
        ended.discard(side)
        try:
            choose.unregister(side)
        except KeyError:
            pass
        side.close()


while True:
    for key, _ in choose.select():
        one = key.fileobj
        if one is listener:
            caller, _ = listener.accept()
            try:
                server = socket.create_connection(TARGET)
            except OSError:
                caller.close()
                continue
            other[caller], other[server] = server, caller
            choose.register(caller, selectors.EVENT_READ)
            choose.register(server, selectors.EVENT_READ)
        elif one in other:
            try:
                data = one.recv(65536)
                if data:
                    other[one].sendall(data)
                    continue
                choose.unregister(one)
                ended.add(one)
                if other[one] in ended:
                    close(one)
                else:
                    other[one].shutdown(socket.SHUT_WR)
            except OSError:
                close(one)
