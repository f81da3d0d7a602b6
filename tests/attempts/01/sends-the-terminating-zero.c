// fails own-address: the zero that ends a string in C is sent along
#include <arpa/inet.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int listening(char *given) {
    char *host = strdup(given), *port = strrchr(host, ':');
    *port++ = 0;
    if (*host == '[') {
        host++;
        host[strlen(host) - 1] = 0;
    }
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
    int on = 1;
    if (getaddrinfo(host, port, &hints, &found)) exit(1);
    int fd = socket(found->ai_family, SOCK_STREAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, found->ai_addr, found->ai_addrlen) || listen(fd, 128)) exit(1);
    return fd;
}

static void show(struct sockaddr_storage *addr, socklen_t size, char *text) {
    char host[64], port[8];
    getnameinfo((void *)addr, size, host, sizeof host, port, sizeof port, NI_NUMERICHOST | NI_NUMERICSERV);
    sprintf(text, addr->ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
}

int main(int argc, char **argv) {
    int listener = listening(argv[argc - 1]);
    signal(SIGPIPE, SIG_IGN);
    for (int n = 1;; n++) {
        struct sockaddr_storage peer, local;
        socklen_t psize = sizeof peer, lsize = sizeof local;
        char p[80], l[80], line[256];
        int fd = accept(listener, (void *)&peer, &psize);
        getsockname(fd, (void *)&local, &lsize);
        show(&peer, psize, p);
        show(&local, lsize, l);
        sprintf(line, "conn %d local %s peer %s\n", n, l, p);
        fputs(line, stdout);
        send(fd, line, strlen(line) + 1, 0);
        close(fd);
    }
}
