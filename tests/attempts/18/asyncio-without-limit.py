# fails stuck: what is written waits in the memory of asyncio, without a limit
import asyncio
import re
import sys

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,15}")
members = []
count = 0


class Member:
    def __init__(self, writer, number):
        self.writer = writer
        self.name = f"guest-{number}"

    def tell(self, line):
        if not self.writer.is_closing():
            self.writer.write(line.encode() + b"\n")


def tell_others(me, line):
    for member in members:
        if member is not me:
            member.tell(line)


def hear(me, line):
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
    elif text.startswith("/"):
        me.tell("! no such command")
    elif text:
        tell_others(me, f"<{me.name}> {text}")


async def next_line(reader):
    """None: the end. Too long: 1001 bytes."""
    try:
        line = await reader.readuntil(b"\n")
    except asyncio.IncompleteReadError as end:
        return end.partial or None
    except asyncio.LimitOverrunError as over:
        await reader.readexactly(over.consumed)
        while rest := await reader.read(1):
            if rest == b"\n":
                break
        return b"x" * 1001
    return line.removesuffix(b"\n").removesuffix(b"\r")


async def serve(reader, writer):
    global count
    count += 1
    me = Member(writer, count)
    me.tell(f"* welcome, {me.name}")
    tell_others(me, f"* {me.name} joined")
    members.append(me)
    try:
        while (line := await next_line(reader)) is not None:
            if line.split(b" ")[0] == b"/quit":
                me.tell("= goodbye")
                break
            if len(line) > 1000:
                me.tell("! too long")
            else:
                hear(me, line)
    except OSError:
        pass
    members.remove(me)
    tell_others(me, f"* {me.name} left")
    writer.close()


async def main():
    host, port = sys.argv[-1].rsplit(":", 1)
    server = await asyncio.start_server(serve, host, int(port), limit=1001)
    await server.serve_forever()


asyncio.run(main())
