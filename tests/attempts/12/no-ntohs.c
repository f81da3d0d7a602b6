// fails plain: the number as this machine keeps it
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

static long now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int main(int argc, char **argv) {
    long give_up = atol(argv[argc - 3]), linger = atol(argv[argc - 2]);
    char *addr = argv[argc - 1], *colon = strrchr(addr, ':');
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(atoi(colon + 1))};
    *colon = 0;
    inet_pton(AF_INET, addr, &at.sin_addr);
    int s = socket(AF_INET, SOCK_DGRAM, 0);
    if (bind(s, (struct sockaddr *)&at, sizeof at)) return perror("bind"), 2;

    unsigned char *content = malloc(514 * 65536), d[2048];
    size_t length = 0;
    int had = 0, complete = 0;
    long deadline = 0;
    struct sockaddr_in sender, from;
    for (;;) {
        struct pollfd p = {.fd = s, .events = POLLIN};
        long left = had ? deadline - now() : -1;
        if (had && left <= 0) break;
        if (poll(&p, 1, (int)left) <= 0) continue;
        socklen_t size = sizeof from;
        ssize_t n = recvfrom(s, d, sizeof d, 0, (struct sockaddr *)&from, &size);
        if (n < 2 || n > 514) continue;
        unsigned short number;
        memcpy(&number, d, 2);
        if (had == 0 && number == 1) sender = from;
        if (had == 0 && number != 1) continue;
        if (from.sin_port != sender.sin_port || from.sin_addr.s_addr != sender.sin_addr.s_addr)
            continue;
        if (number == had + 1 && !complete) {
            memcpy(content + length, d + 2, n - 2);
            length += n - 2;
            had = number;
            complete = n < 514;
        }
        if (number >= 1 && number <= had)
            sendto(s, d, 2, 0, (struct sockaddr *)&from, size);
        deadline = now() + (complete ? linger : give_up);
    }
    if (!complete) return fprintf(stderr, "the sender has vanished\n"), 1;
    fwrite(content, 1, length, stdout);
    return 0;
}
