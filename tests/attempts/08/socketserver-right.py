# passes: the library's threads, and a limit in front of them
import socket
import socketserver
import sys
import threading

limit = int(sys.argv[-2])
host, port = sys.argv[-1].rsplit(":", 1)
places = threading.Semaphore(limit)


class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        try:
            while data := self.request.recv(16384):
                self.request.sendall(data)
        except OSError:
            pass


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 128

    def verify_request(self, request, client_address):
        if places.acquire(blocking=False):
            return True
        try:
            request.sendall(b"busy\n")
            request.shutdown(socket.SHUT_WR)
            request.setblocking(False)
            request.recv(65536)
        except OSError:
            pass
        return False

    def process_request_thread(self, request, client_address):
        super().process_request_thread(request, client_address)
        places.release()


Server((host, int(port)), Echo).serve_forever()
