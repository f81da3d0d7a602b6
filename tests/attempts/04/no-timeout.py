# fails full-queue: connect without a limit
import socket
import sys


def probe(target):
    host, port = target.rsplit(":", 1)
    try:
        socket.create_connection((host, int(port))).close()
        return "open"
    except ConnectionRefusedError:
        return "refused"
    except TimeoutError:
        return "timeout"
    except socket.gaierror:
        return "unresolved"
    except OSError:
        return "failed"


outcomes = []
for target in sys.argv[1:]:
    outcomes.append(probe(target))
    print(target, outcomes[-1])
sys.exit(0 if all(outcome == "open" for outcome in outcomes) else 1)
