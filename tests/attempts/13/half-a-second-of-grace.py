# fails half-close: when one direction has ended, the other one gets half a second
import select
import socket
import sys
import threading


def address(text):
    host, port = text.rsplit(":", 1)
    return host, int(port)


def carry(caller, server):
    other = {caller: server, server: caller}
    waiting = {caller: b"", server: b""}  # What each is to get.
    ended = set()
    while True:
        readers = [s for s in other if s not in ended and not waiting[other[s]]]
        writers = [s for s in other if waiting[s]]
        if not readers and not writers:
            return
        grace = 0.5 if ended else None
        readable, writable, _ = select.select(readers, writers, [], grace)
        if not readable and not writable:
            return
        for s in readable:
            data = s.recv(65536)
            waiting[other[s]] += data
            if not data:
                ended.add(s)
                other[s].shutdown(socket.SHUT_WR)
        for s in writable:
            waiting[s] = waiting[s][s.send(waiting[s]) :]


def forward(caller):
    with caller:
        try:
            with socket.create_connection(TARGET) as server:
                caller.setblocking(False)
                server.setblocking(False)
                carry(caller, server)
        except OSError as error:
            print("a conversation has ended:", error, file=sys.stderr)


TARGET, ADDR = map(address, sys.argv[-2:])
listener = socket.create_server(ADDR, backlog=128)
while True:
    caller, _ = listener.accept()
    threading.Thread(target=forward, args=(caller,), daemon=True).start()
