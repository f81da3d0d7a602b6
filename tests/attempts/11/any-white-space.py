# fails junk: a tab is as good as a space
import random, re, socket, sys

host, port = sys.argv[-1].rsplit(":", 1)
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind((host, int(port)))
while True:
    request, sender = s.recvfrom(65535)
    found = re.fullmatch(rb"roll\s([0-9]+)d([0-9]+)\n?", request)
    answer = "error\n"
    if found and 1 <= int(found[1]) <= 100 and 2 <= int(found[2]) <= 1000:
        rolled = [random.randint(1, int(found[2])) for _ in range(int(found[1]))]
        answer = f"{' '.join(map(str, rolled))} = {sum(rolled)}\n"
    s.sendto(answer.encode(), sender)
