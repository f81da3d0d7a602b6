# fails busy: waits for a place instead of refusing
import socket
import sys
import threading

limit = int(sys.argv[-2])
host, port = sys.argv[-1].rsplit(":", 1)
listener = socket.create_server((host, int(port)))
places = threading.Semaphore(limit)


def serve(stream):
    try:
        with stream:
            while data := stream.recv(16384):
                stream.sendall(data)
    except OSError:
        pass
    finally:
        places.release()


while True:
    stream, peer = listener.accept()
    places.acquire()
    threading.Thread(target=serve, args=[stream], daemon=True).start()
