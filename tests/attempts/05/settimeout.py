# passes: waits with a timeout, and waits again
import socket
import sys

host, port = sys.argv[-1].rsplit(":", 1)
listener = socket.create_server((host, int(port)))
while True:
    stream, peer = listener.accept()
    stream.settimeout(0.05)
    with stream:
        try:
            while True:
                try:
                    data = stream.recv(16384)
                except TimeoutError:
                    continue
                if not data:
                    break
                while data:
                    try:
                        data = data[stream.send(data) :]
                    except TimeoutError:
                        pass
        except OSError as error:
            print(error)
