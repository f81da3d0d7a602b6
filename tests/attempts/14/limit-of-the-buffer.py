# fails pipelined: more than 8 KiB in the buffer are too much, with how many heads ever
import os
import socket
import sys
import threading


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
    came = b""
    while True:
        while b"\r\n\r\n" not in came:
            more = client.recv(65536)
            if not more or len(came) > 65536:
                return
            came += more
            if len(came) > 8192:
                answer(client, "431 Too Large", b"")
                return
        head, _, came = came.partition(b"\r\n\r\n")
        head = head.decode("latin-1").split("\r\n")
        words = head[0].split(" ")
        if len(words) != 3 or words[0] != "GET":
            answer(client, "400 Bad Request", b"no GET\n")
            return
        body = find(words[1])
        if body is None:
            answer(client, "404 Not Found", b"not found\n")
        else:
            answer(client, "200 OK", body)
        fields = [line.replace(" ", "").lower() for line in head[1:]]
        if "connection:close" in fields:
            return


def quietly(client):
    with client:
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
