# passes: one thread, select, and a list of bytes to send for each member
import re
import select
import socket
import sys

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,15}")
MOST = 2**20
host, port = sys.argv[-1].rsplit(":", 1)
listener = socket.create_server((host, int(port)), backlog=64)
members = []
count = 0


class Member:
    def __init__(self, sock, number):
        sock.setblocking(False)
        self.sock = sock
        self.name = f"guest-{number}"
        self.inbox = b""
        self.outbox = b""
        self.skips = False
        self.is_ending = False

    def fileno(self):
        return self.sock.fileno()

    def tell(self, line):
        self.outbox += line.encode() + b"\n"


def tell_others(me, line):
    for member in members:
        if member is not me:
            member.tell(line)


def leave(me):
    if me in members:
        members.remove(me)
        tell_others(me, f"* {me.name} left")
        leaving.append(me)


def hear(me, line):
    line = line.removesuffix(b"\r")
    if me.skips or len(line) > 1000:
        if not me.skips:
            me.tell("! too long")
        me.skips = False
        return
    try:
        text = line.decode()
    except UnicodeDecodeError:
        return me.tell("! not UTF-8")
    command, _, rest = text.partition(" ")
    if command == "/name":
        if not NAME.fullmatch(rest) or rest.startswith("guest-"):
            me.tell("! this is no name")
        elif any(member.name.lower() == rest.lower() for member in members):
            me.tell(f"! {rest} is taken")
        else:
            old, me.name = me.name, rest
            me.tell(f"= you are {rest}")
            tell_others(me, f"* {old} is now {rest}")
    elif command == "/who":
        me.tell("= in lobby: " + ", ".join(member.name for member in members))
    elif command == "/quit":
        me.tell("= goodbye")
        leave(me)
    elif text.startswith("/"):
        me.tell("! no such command")
    elif text:
        tell_others(me, f"<{me.name}> {text}")


def read(me):
    try:
        data = me.sock.recv(65536)
    except OSError:
        data = b""
    if not data:
        if me.inbox:
            hear(me, me.inbox)
        return leave(me)
    me.inbox += data
    while b"\n" in me.inbox and me in members:
        line, me.inbox = me.inbox.split(b"\n", 1)
        hear(me, line)
    if len(me.inbox) > 1001:
        if not me.skips:
            me.tell("! too long")
        me.skips, me.inbox = True, b""


def write(me):
    try:
        n = me.sock.send(me.outbox)
        me.outbox = me.outbox[n:]
    except BlockingIOError:
        return
    except OSError:
        me.outbox = b""
        leave(me)


leaving = []
while True:
    waiting = [member for member in members + leaving if member.outbox]
    readable, writable, _ = select.select([listener] + members, waiting, [])
    for one in readable:
        if one is listener:
            sock, _ = listener.accept()
            count += 1
            me = Member(sock, count)
            me.tell(f"* welcome, {me.name}")
            tell_others(me, f"* {me.name} joined")
            members.append(me)
        elif one in members:
            read(one)
    for one in writable:
        write(one)
    for slow in [member for member in members if len(member.outbox) > MOST]:
        slow.outbox = b""
        leave(slow)
    for one in [member for member in leaving if not member.outbox]:
        leaving.remove(one)
        one.sock.close()
