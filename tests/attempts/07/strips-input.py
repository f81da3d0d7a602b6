# fails only-after-end: strips white space off its input
import socket
import sys


def serve(addr):
    listener = socket.create_server(addr)
    while True:
        stream, peer = listener.accept()
        with stream:
            try:
                n = 0
                while data := stream.recv(65536):
                    n += len(data)
                stream.sendall(b"bytes=%d\n" % n)
            except OSError as error:
                print("a conversation ended early:", error, file=sys.stderr)


def count(addr):
    with socket.create_connection(addr) as stream:
        stream.sendall(sys.stdin.buffer.read().strip())
        stream.shutdown(socket.SHUT_WR)
        reply = b""
        while data := stream.recv(4096):
            reply += data
    if not reply:
        sys.exit("no reply came")
    sys.stdout.buffer.write(reply)


host, port = sys.argv[-1].rsplit(":", 1)
try:
    {"serve": serve, "count": count}[sys.argv[-2]]((host, int(port)))
except OSError as error:
    sys.exit(f"could not go on: {error}")
