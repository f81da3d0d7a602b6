# passes: does not end when it is asked to, but when it is ready
import signal
import socket
import sys


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


signal.signal(signal.SIGTERM, signal.SIG_IGN)
outcomes = []
for target in sys.argv[1:]:
    outcomes.append(probe(target))
    print(target, outcomes[-1])
sys.exit(0 if all(outcome == "open" for outcome in outcomes) else 1)
