# fails limits: what is left at the end, and is no text, ends the thread
import re
import socket
import struct
import sys
import threading

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,15}")
host, port = sys.argv[-1].rsplit(":", 1)
listener = socket.create_server((host, int(port)), backlog=64)
lock = threading.Lock()
members = []  # In the order in which they came.


class Member:
    def __init__(self, sock, number):
        self.sock = sock
        self.name = f"guest-{number}"
        # A write may wait for a second; a read may wait for ever.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", 1, 0))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def tell(self, line):
        try:
            self.sock.sendall(line.encode() + b"\n")
        except OSError:
            try:
                self.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def tell_others(me, line):
    for member in members:
        if member is not me:
            member.tell(line)


def rename(me, name):
    if not NAME.fullmatch(name) or name.startswith("guest-"):
        return me.tell("! this is no name")
    if any(member.name.lower() == name.lower() for member in members):
        return me.tell(f"! {name} is taken")
    old, me.name = me.name, name
    me.tell(f"= you are {name}")
    tell_others(me, f"* {old} is now {name}")


def hear(me, line):
    """False: has said goodbye."""
    if len(line) > 1000:
        me.tell("! too long")
        return True
    try:
        text = line.decode()
    except UnicodeDecodeError:
        me.tell("! not UTF-8")
        return True
    command, _, rest = text.partition(" ")
    if command == "/name":
        rename(me, rest)
    elif command == "/who":
        me.tell("= in lobby: " + ", ".join(member.name for member in members))
    elif command == "/quit":
        me.tell("= goodbye")
        return False
    elif text.startswith("/"):
        me.tell("! no such command")
    elif text:
        tell_others(me, f"<{me.name}> {text}")
    return True


def lines(sock):
    """Lines without their ends, none longer than 1001 bytes."""
    file = sock.makefile("rb")
    while line := file.readline(1002):
        whole = True
        if not line.endswith(b"\n"):
            rest = line if len(line) > 1000 else b"\n"
            while rest and not rest.endswith(b"\n"):
                rest = file.readline(4096)
            whole = len(line) > 1000 and bool(rest)
        yield line.removesuffix(b"\n").removesuffix(b"\r"), whole


def serve(sock, number):
    me = Member(sock, number)
    with lock:
        me.tell(f"* welcome, {me.name}")
        tell_others(me, f"* {me.name} joined")
        members.append(me)
    try:
        for line, whole in lines(sock):
            with lock:
                if not whole:
                    line.decode()
                if not hear(me, line):
                    break
    except OSError:
        pass
    finally:
        with lock:
            members.remove(me)
            tell_others(me, f"* {me.name} left")
        try:
            sock.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        sock.close()


number = 0
while True:
    sock, _ = listener.accept()
    number += 1
    threading.Thread(target=serve, args=(sock, number), daemon=True).start()
