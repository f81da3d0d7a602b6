# passes: one thread, and a selector that the signal wakes through a socket
import os
import selectors
import signal
import socket
import sys

host, port = sys.argv[1].rsplit(":", 1)
listener = socket.create_server((host, int(port)))
selector = selectors.DefaultSelector()
inbox, outbox = socket.socketpair()
outbox.setblocking(False)
signal.set_wakeup_fd(outbox.fileno())


def handler(signum, frame):
    signal.signal(signal.SIGINT, lambda signum, frame: os._exit(130))


signal.signal(signal.SIGINT, handler)
signal.signal(signal.SIGTERM, handler)
selector.register(listener, selectors.EVENT_READ)
selector.register(inbox, selectors.EVENT_READ)
waiting = {}


def close(conn):
    del waiting[conn]
    selector.unregister(conn)
    conn.close()


def turn(conn, events):
    try:
        if events & selectors.EVENT_WRITE:
            waiting[conn] = waiting[conn][conn.send(waiting[conn]) :]
        elif data := conn.recv(65536):
            waiting[conn] = data
        else:
            return close(conn)
    except OSError:
        return close(conn)
    wanted = selectors.EVENT_WRITE if waiting[conn] else selectors.EVENT_READ
    selector.modify(conn, wanted)


stopping = False
while waiting or not stopping:
    for key, events in selector.select():
        if key.fileobj is listener:
            conn, _ = listener.accept()
            conn.setblocking(False)
            waiting[conn] = b""
            selector.register(conn, selectors.EVENT_READ)
        elif key.fileobj is inbox:
            stopping = True
            inbox.recv(1)
            selector.unregister(listener)
            listener.close()
            for conn in list(waiting):
                try:
                    conn.shutdown(socket.SHUT_RD)
                except OSError:
                    close(conn)
            break
        else:
            turn(key.fileobj, events)
