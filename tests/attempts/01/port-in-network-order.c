// fails own-address: the port is printed as it travels, high byte first
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv) {
    char *host = argv[argc - 1], *port = strrchr(host, ':');
    *port++ = 0;
    struct sockaddr_in local = {.sin_family = AF_INET, .sin_port = htons(atoi(port))}, peer;
    local.sin_addr.s_addr = inet_addr(host);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (void *)&local, sizeof local) || listen(listener, 128)) return 1;
    for (int n = 1;; n++) {
        socklen_t size = sizeof peer;
        int fd = accept(listener, (void *)&peer, &size);
        char line[256], at[64];
        strcpy(at, inet_ntoa(peer.sin_addr));
        sprintf(line, "conn %d local %s:%s peer %s:%d\n", n, host, port, at, peer.sin_port);
        fputs(line, stdout);
        send(fd, line, strlen(line), MSG_NOSIGNAL);
        close(fd);
    }
}
