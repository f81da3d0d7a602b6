# fails junk: the dice are kept in one byte, the sides in two
import random, re, socket, sys

host, port = sys.argv[-1].rsplit(":", 1)
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind((host, int(port)))
while True:
    request, sender = s.recvfrom(65535)
    found = re.fullmatch(rb"roll ([0-9]+)d([0-9]+)\n?", request)
    answer = "error\n"
    dice, sides = (int(found[1]) % 2**8, int(found[2]) % 2**16) if found else (0, 0)
    if 1 <= dice <= 100 and 2 <= sides <= 1000:
        rolled = [random.randint(1, sides) for _ in range(dice)]
        answer = f"{' '.join(map(str, rolled))} = {sum(rolled)}\n"
    s.sendto(answer.encode(), sender)
