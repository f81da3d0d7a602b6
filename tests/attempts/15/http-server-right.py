# passes: http.server, with a thread for each request
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

grows = threading.Condition()
pieces = []


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        with grows:
            pieces.append(body)
            grows.notify_all()
            number = len(pieces)
        self.answer(201, f"{number}\n")

    def do_GET(self):
        query = parse_qs(urlsplit(self.path).query)
        after, limit = int(query["after"][0]), int(query["limit"][0]) / 1000
        with grows:
            grows.wait_for(lambda: len(pieces) > after, limit)
            news = [f"{n} {text}\n" for n, text in enumerate(pieces, 1) if n > after]
        self.answer(200 if news else 204, "".join(news))

    def answer(self, status, body):
        try:
            self.send_response(status)
            if body:
                self.send_header("Content-Length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())
        except OSError:
            self.close_connection = True

    def handle(self):
        try:
            super().handle()
        except OSError:
            pass

    def log_message(self, *_):
        pass


host, port = sys.argv[-1].rsplit(":", 1)
ThreadingHTTPServer((host, int(port)), Handler).serve_forever()
