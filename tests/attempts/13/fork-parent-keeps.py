# fails refused-behind: the parent keeps a descriptor of each caller
import os
import signal
import socket
import sys
import threading


def address(text):
    host, port = text.rsplit(":", 1)
    return host, int(port)


def carry(one, other):
    try:
        while data := one.recv(65536):
            other.sendall(data)
        other.shutdown(socket.SHUT_WR)
    except OSError:
        for side in (one, other):
            try:
                side.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def forward(caller):
    with caller:
        try:
            server = socket.create_connection(TARGET)
        except OSError as error:
            print("could not connect:", error, file=sys.stderr)
            return
        with server:
            up = threading.Thread(target=carry, args=(caller, server))
            up.start()
            carry(server, caller)
            up.join()


kept = []
TARGET, ADDR = map(address, sys.argv[-2:])
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
listener = socket.create_server(ADDR, backlog=128)
while True:
    caller, _ = listener.accept()
    if os.fork() == 0:
        listener.close()
        forward(caller)
        os._exit(0)
    kept.append(caller)
