# fails full-queue: sets the limit after it has connected
import socket
import sys

all_open = True
for target in sys.argv[1:]:
    host, port = target.rsplit(":", 1)
    stream = socket.socket()
    try:
        stream.connect((host, int(port)))
        stream.settimeout(1)
        word = "open"
    except ConnectionRefusedError:
        word = "refused"
    except TimeoutError:
        word = "timeout"
    except socket.gaierror:
        word = "unresolved"
    except OSError:
        word = "failed"
    print(target, word)
    all_open = all_open and word == "open"
sys.exit(0 if all_open else 1)
