// fails fifty: the second write to a client that is gone is SIGPIPE
#include <arpa/inet.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static void *serve(void *arg) {
    int fd = (intptr_t)arg;
    char line[64], unread[4096];
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    int size = sprintf(line, "time %lld\n", now.tv_sec * 1000LL + now.tv_nsec / 1000000);
    for (int i = 0; i < size; i++) {
        write(fd, line + i, 1);
        usleep(1000);
    }
    shutdown(fd, SHUT_WR);
    struct timeval limit = {1, 0};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    while (recv(fd, unread, sizeof unread, 0) > 0) {}
    close(fd);
    return 0;
}

int main(int argc, char **argv) {
    char *host = argv[argc - 1], *port = strrchr(host, ':');
    *port++ = 0;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(atoi(port))};
    at.sin_addr.s_addr = inet_addr(host);
    int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (void *)&at, sizeof at) || listen(listener, 128)) return 1;
    for (;;) {
        pthread_t thread;
        int fd = accept(listener, 0, 0);
        if (fd < 0) continue;
        pthread_create(&thread, 0, serve, (void *)(intptr_t)fd);
        pthread_detach(thread);
    }
}
