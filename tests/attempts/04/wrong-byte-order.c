// fails open: the port without htons
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char *probe(const char *target) {
    char *host = strdup(target), *port = strrchr(host, ':');
    *port++ = 0;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *at;
    const char *outcome = "unresolved";
    if (getaddrinfo(host, port, &hints, &at)) return outcome;
    for (; at; at = at->ai_next) {
        ((unsigned short *)at->ai_addr)[1] = atoi(port);
        int fd = socket(at->ai_family, SOCK_STREAM, 0), problem = 0;
        socklen_t size = sizeof problem;
        fcntl(fd, F_SETFL, O_NONBLOCK);
        if (connect(fd, at->ai_addr, at->ai_addrlen)) problem = errno;
        if (problem == EINPROGRESS) {
            struct pollfd ready = {fd, POLLOUT, 0};
            problem = ETIMEDOUT;
            if (poll(&ready, 1, 1000) == 1) getsockopt(fd, SOL_SOCKET, SO_ERROR, &problem, &size);
        }
        close(fd);
        if (!problem) return "open";
        outcome = problem == ECONNREFUSED ? "refused" : problem == ETIMEDOUT ? "timeout" : "failed";
    }
    return outcome;
}

int main(int argc, char **argv) {
    int code = 0;
    for (int i = 1; i < argc; i++) {
        const char *outcome = probe(argv[i]);
        printf("%s %s\n", argv[i], outcome);
        if (strcmp(outcome, "open")) code = 1;
    }
    return code;
}
