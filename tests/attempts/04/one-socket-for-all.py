# fails order: the same socket is connected again and again
import socket
import sys

all_open = True
stream = socket.socket()
stream.settimeout(1)
for target in sys.argv[1:]:
    host, port = target.rsplit(":", 1)
    try:
        stream.connect((host, int(port)))
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
