# fails slow-reader: after select, one send and no look at its result
import select
import socket
import sys

host, port = sys.argv[-1].rsplit(":", 1)
listener = socket.create_server((host, int(port)))
streams = [listener]
while True:
    for stream in select.select(streams, [], [])[0]:
        if stream is listener:
            client, peer = listener.accept()
            client.setblocking(False)
            streams.append(client)
            continue
        try:
            data = stream.recv(4096)
            if data:
                stream.send(data)
        except BlockingIOError:
            continue
        except OSError:
            data = b""
        if not data:
            streams.remove(stream)
            stream.close()
