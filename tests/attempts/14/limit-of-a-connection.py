# fails keep-alive: the limit for one head counts all heads of a connection
import os
import socket
import sys
import threading


def read_head(reader, size):
    head = []
    while True:
        line = reader.readline(65536)
        size += len(line)
        if not line.endswith(b"\n") or size > 65536:
            return None, size
        if line in (b"\r\n", b"\n"):
            return head, size
        head.append(line.decode("latin-1").strip())


def find(path):
    path = os.path.realpath(os.path.join(FOLDER, path.lstrip("/")))
    if os.path.commonpath([path, FOLDER]) != FOLDER:
        return None
    try:
        with open(path, "rb") as file:
            return file.read()
    except (OSError, ValueError):
        return None


def answer(client, status, body):
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n"
    client.sendall(head.encode() + body)


def serve(client):
    with client, client.makefile("rb") as reader:
        size = 0
        while True:
            head, size = read_head(reader, size)
            if head is None:
                return
            words = head[0].split(" ")
            if len(words) != 3 or words[0] != "GET":
                answer(client, "400 Bad Request", b"no GET\n")
                return
            body = find(words[1])
            if body is None:
                answer(client, "404 Not Found", b"not found\n")
            else:
                answer(client, "200 OK", body)
            for line in head[1:]:
                name, _, value = line.partition(":")
                if name.lower() == "connection" and value.strip().lower() == "close":
                    return


def quietly(client):
    try:
        serve(client)
    except OSError:
        pass


FOLDER = os.path.realpath(sys.argv[-2])
host, port = sys.argv[-1].rsplit(":", 1)
listener = socket.create_server((host, int(port)), backlog=128)
while True:
    client, _ = listener.accept()
    threading.Thread(target=quietly, args=(client,), daemon=True).start()
