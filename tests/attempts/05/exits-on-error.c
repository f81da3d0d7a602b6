// fails half-close: ends the program when read gives -1
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int listening(const char *addr) {
    struct sockaddr_in at = {.sin_family = AF_INET};
    char host[64];
    int port, on = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
    if (sscanf(addr, "%63[^:]:%d", host, &port) != 2) exit(1);
    inet_pton(AF_INET, host, &at.sin_addr);
    at.sin_port = htons(port);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&at, sizeof at) || listen(listener, 8)) {
        perror(addr);
        exit(1);
    }
    return listener;
}

int send_all(int stream, const char *bytes, size_t length) {
    while (length > 0) {
        ssize_t n = send(stream, bytes, length, MSG_NOSIGNAL);
        if (n < 0) return 0;
        bytes += n;
        length -= n;
    }
    return 1;
}

int main(int argc, char **argv) {
    int listener = listening(argv[argc - 1]);
    for (;;) {
        int stream = accept(listener, 0, 0);
        char buffer[4096];
        ssize_t n;
        while ((n = read(stream, buffer, sizeof buffer))) {
            if (n > 0 && !send_all(stream, buffer, n)) break;
            if (n < 0) exit(1);
        }
        close(stream);
    }
}
