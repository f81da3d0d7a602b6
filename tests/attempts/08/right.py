# passes: a lock for the count, and a thread for each client
import socket
import sys
import threading

limit = int(sys.argv[-2])
host, port = sys.argv[-1].rsplit(":", 1)
listener = socket.create_server((host, int(port)))
lock = threading.Lock()
served = 0


def serve(stream):
    global served
    try:
        with stream:
            while data := stream.recv(16384):
                stream.sendall(data)
    except OSError as error:
        print("a conversation ended early:", error, file=sys.stderr)
    finally:
        with lock:
            served -= 1


def refuse(stream):
    with stream:
        try:
            stream.sendall(b"busy\n")
            stream.shutdown(socket.SHUT_WR)
            stream.setblocking(False)
            while stream.recv(16384):
                pass
        except OSError:
            pass


while True:
    stream, peer = listener.accept()
    with lock:
        is_full = served >= limit
        served += not is_full
    if is_full:
        refuse(stream)
    else:
        threading.Thread(target=serve, args=[stream], daemon=True).start()
