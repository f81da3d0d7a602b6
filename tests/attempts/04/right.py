# passes
import socket
import sys

LIMIT = 1.0


def probe(target):
    try:
        host, port = target.rsplit(":", 1)
        if int(port) > 65535:
            return "unresolved"
        found = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM)
    except (OSError, ValueError, OverflowError):
        return "unresolved"
    outcome = "unresolved"
    for family, kind, protocol, _, address in found:
        with socket.socket(family, kind, protocol) as stream:
            stream.settimeout(LIMIT)
            try:
                stream.connect(address)
                return "open"
            except ConnectionRefusedError:
                outcome = "refused"
            except TimeoutError:
                outcome = "timeout"
            except OSError:
                outcome = "failed"
    return outcome


outcomes = []
for target in sys.argv[1:]:
    outcomes.append(probe(target))
    print(target, outcomes[-1], flush=True)
sys.exit(0 if all(outcome == "open" for outcome in outcomes) else 1)
