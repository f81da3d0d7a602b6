# fails full-queue: except OSError stands first, and meets the others as well
import socket
import sys


def probe(target):
    host, port = target.rsplit(":", 1)
    try:
        socket.create_connection((host, int(port)), timeout=1).close()
        return "open"
    except ConnectionRefusedError:
        return "refused"
    except OSError:
        return "failed"
    except TimeoutError:
        return "timeout"


outcomes = []
for target in sys.argv[1:]:
    outcomes.append(probe(target))
    print(target, outcomes[-1])
sys.exit(0 if all(outcome == "open" for outcome in outcomes) else 1)
