# passes: the library's server, without its listings
import http.server
import sys


class Files(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    default_request_version = "HTTP/1.1"

    def __init__(self, *args):
        super().__init__(*args, directory=sys.argv[-2])

    def send_head(self):
        try:
            if not self.path.endswith("/") and "%00" not in self.path:
                with open(self.translate_path(self.path), "rb"):
                    return super().send_head()
        except OSError:
            pass
        self.send_response(404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 128

    def handle_error(self, *args):
        pass


host, port = sys.argv[-1].rsplit(":", 1)
Server((host, int(port)), Files).serve_forever()
