# passes: takes a second before it begins
import socket
import sys
import time


def probe(target):
    host, port = target.rsplit(":", 1)
    try:
        socket.create_connection((host, int(port)), timeout=1).close()
        return "open"
    except ConnectionRefusedError:
        return "refused"
    except TimeoutError:
        return "timeout"
    except socket.gaierror:
        return "unresolved"
    except OSError:
        return "failed"


time.sleep(1)
outcomes = []
for target in sys.argv[1:]:
    outcomes.append(probe(target))
    print(target, outcomes[-1])
sys.exit(0 if all(outcome == "open" for outcome in outcomes) else 1)
