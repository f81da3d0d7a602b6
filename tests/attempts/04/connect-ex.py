# fails full-queue: connect_ex gives another number when the time is over
import errno
import socket
import sys

all_open = True
for target in sys.argv[1:]:
    host, port = target.rsplit(":", 1)
    stream = socket.socket()
    stream.settimeout(1)
    number = stream.connect_ex((host, int(port)))
    words = {0: "open", errno.ECONNREFUSED: "refused", errno.ETIMEDOUT: "timeout"}
    print(target, words.get(number, "failed"))
    all_open = all_open and number == 0
sys.exit(0 if all_open else 1)
