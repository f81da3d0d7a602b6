# fails newer: a piece is escaped as for a page
import html
import socket
import sys
import threading

host, port = sys.argv[-1].rsplit(":", 1)
listener = socket.create_server((host, int(port)), backlog=64)
grows = threading.Condition()
pieces = []


def read(stream):
    """The request line, the fields and the body of one request."""
    with stream.makefile("rb") as lines:
        method, target, _ = lines.readline().decode().split()
        length = 0
        while (field := lines.readline().strip()) != b"":
            name, value = field.split(b":", 1)
            if name.lower() == b"content-length":
                length = int(value)
        body = lines.read(length).decode()
        body = html.escape(body)
    path, _, query = target.partition("?")
    return method, path, dict(field.split("=") for field in query.split("&") if field), body


def answer(stream, status, body=""):
    body = body.encode()
    length = f"Content-Length: {len(body)}\r\n" if body else ""
    stream.sendall(f"HTTP/1.1 {status}\r\n{length}\r\n".encode() + body)


def lines(after):
    return "".join(f"{n} {text}\n" for n, text in enumerate(pieces, 1) if n > after)


def publish(text):
    with grows:
        pieces.append(text)
        grows.notify_all()
        return len(pieces)


def wait(after, limit):
    with grows:
        grows.wait_for(lambda: len(pieces) > after, limit)
        return lines(after)



def serve(stream):
    with stream:
        try:
            method, path, query, body = read(stream)
            if (method, path) == ("POST", "/news"):
                answer(stream, "201 Created", f"{publish(body)}\n")
            elif (method, path) == ("GET", "/wait"):
                news = wait(int(query["after"]), int(query["limit"]) / 1000)
                answer(stream, "200 OK" if news else "204 No Content", news)
            else:
                answer(stream, "404 Not Found")
        except (OSError, ValueError):
            pass


while True:
    stream, _ = listener.accept()
    threading.Thread(target=serve, args=(stream,), daemon=True).start()
