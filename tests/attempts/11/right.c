// passes: a plain one
#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

int main(int argc, char **argv) {
    static char request[65536], answer[8192];
    struct sockaddr_in at = {.sin_family = AF_INET}, sender;
    char host[64];
    int port, s = socket(AF_INET, SOCK_DGRAM, 0);
    if (sscanf(argv[argc - 1], "%63[^:]:%d", host, &port) != 2) return 1;
    inet_pton(AF_INET, host, &at.sin_addr);
    at.sin_port = htons(port);
    if (bind(s, (struct sockaddr *)&at, sizeof at)) return perror("bind"), 1;
    srand(time(0));
    for (;;) {
        socklen_t length = sizeof sender;
        ssize_t n = recvfrom(s, request, sizeof request - 1, 0, (struct sockaddr *)&sender, &length);
        if (n < 0) continue;
        request[n] = 0;
        int dice, sides, end = 0, used = 0, sum = 0;
        int right = sscanf(request, "roll %3dd%4d%n", &dice, &sides, &end) == 2;
        if (right && request[end] == '\n') end++;
        if (!right || memcmp(request, "roll ", 5) || end != n || !isdigit(request[5]) || !isdigit(strchr(request + 5, 'd')[1]) || dice < 1 || dice > 100 || sides < 2 || sides > 1000) {
            used = sprintf(answer, "error\n");
        } else {
            for (int i = 0; i < dice; i++) {
                int rolled = 1 + rand() % sides;
                sum += rolled;
                used += sprintf(answer + used, "%d ", rolled);
            }
            used += sprintf(answer + used, "= %d\n", sum);
        }
        sendto(s, answer, used, 0, (struct sockaddr *)&sender, length);
    }
}
