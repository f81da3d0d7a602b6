// fails reply: prints as far as strlen, of a buffer that is never ended
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct sockaddr_in address(const char *text) {
    struct sockaddr_in at = {.sin_family = AF_INET};
    char host[64];
    int port;
    if (sscanf(text, "%63[^:]:%d", host, &port) != 2) exit(1);
    inet_pton(AF_INET, host, &at.sin_addr);
    at.sin_port = htons(port);
    return at;
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

void fail(const char *what) {
    perror(what);
    exit(1);
}

void serve(struct sockaddr_in at) {
    int on = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&at, sizeof at)) fail("bind");
    if (listen(listener, 8)) fail("listen");
    for (;;) {
        int stream = accept(listener, 0, 0);
        char buffer[4096];
        long n, total = 0;
        while ((n = recv(stream, buffer, sizeof buffer, 0)) > 0) total += n;
        if (n == 0) {
            n = sprintf(buffer, "bytes=%ld\n", total);
            send_all(stream, buffer, n);
        }
        close(stream);
    }
}

int main(int argc, char **argv) {
    struct sockaddr_in at = address(argv[argc - 1]);
    if (strcmp(argv[argc - 2], "serve") == 0) serve(at);
    int stream = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(stream, (struct sockaddr *)&at, sizeof at)) fail("connect");
    char buffer[4096];
    long n, total = 0;
    while ((n = read(0, buffer, sizeof buffer)) > 0) {
        if (!send_all(stream, buffer, n)) fail("send");
    }
    shutdown(stream, SHUT_WR);
    while ((n = recv(stream, buffer, sizeof buffer, 0)) > 0) {
        fputs(buffer, stdout);
        total += n;
    }
    if (n < 0) fail("recv");
    if (total == 0) {
        fprintf(stderr, "no reply came\n");
        return 1;
    }
    return 0;
}
