# passes: recv(1)
import socket
import sys


def serve(addr):
    listener = socket.create_server(addr)
    while True:
        stream, peer = listener.accept()
        with stream:
            try:
                n = 0
                while data := stream.recv(1):
                    n += len(data)
                stream.sendall(b"bytes=%d\n" % n)
            except OSError as error:
                print("a conversation ended early:", error, file=sys.stderr)


def count(addr):
    with socket.create_connection(addr) as stream:
        while data := sys.stdin.buffer.read(1):
            stream.sendall(data)
        stream.shutdown(socket.SHUT_WR)
        answered = False
        while data := stream.recv(1):
            answered = True
            sys.stdout.buffer.write(data)
    if not answered:
        raise EOFError("the answer did not come")


host, port = sys.argv[-1].rsplit(":", 1)
try:
    {"serve": serve, "count": count}[sys.argv[-2]]((host, int(port)))
except (OSError, EOFError) as error:
    sys.exit(f"could not go on: {error}")
