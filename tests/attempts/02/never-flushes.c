// passes: through a pipe its line would stay in a buffer
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv) {
    char *given = argv[argc - 1], *host = strdup(given), *port = strrchr(host, ':');
    *port++ = 0;
    if (*host == '[') {
        host++;
        host[strlen(host) - 1] = 0;
    }
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *at = 0;
    int listener = -1, on = 1, problem = getaddrinfo(host, port, &hints, &at);
    for (; at; at = at->ai_next) {
        listener = socket(at->ai_family, SOCK_STREAM, 0);
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        if (!bind(listener, at->ai_addr, at->ai_addrlen) && !listen(listener, 5)) break;
        close(listener);
        listener = -1;
    }
    if (listener < 0) {
        fprintf(stderr, "could not listen on %s: %s\n", given, problem ? gai_strerror(problem) : strerror(errno));
        return 1;
    }
    struct sockaddr_storage real;
    socklen_t size = sizeof real;
    getsockname(listener, (void *)&real, &size);
    char ip[64], number[8];
    getnameinfo((void *)&real, size, ip, sizeof ip, number, sizeof number, NI_NUMERICHOST | NI_NUMERICSERV);
    printf(strchr(ip, ':') ? "listening on [%s]:%s\n" : "listening on %s:%s\n", ip, number);
    for (;;) close(accept(listener, 0, 0));
}
