// fails no-panic: alarm ends the program, not the client
#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long limit;

static long now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void *serve(void *arg) {
    int s = (int)(long)arg, length = 0;
    long deadline = now() + limit * 1000;
    alarm(limit / 1000 + 1);
    char line[1000];
    struct timeval all = {limit / 1000, limit % 1000 * 1000};
    setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &all, sizeof all);
    for (;;) {
        long left = deadline - now();
        if (left <= 0 || length == sizeof line) break;
        struct timeval t = {left / 1000, left % 1000 * 1000};
        setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t);
        if (recv(s, line + length, 1, 0) <= 0) break;
        if (line[length++] != '\n') continue;
        const char *answer = length == 5 && !memcmp(line, "PING", 4) ? "PONG\n" : "ERROR\n";
        if (send(s, answer, strlen(answer), MSG_NOSIGNAL) < 0) break;
        length = 0;
        deadline = now() + limit;
    }
    close(s);
    return 0;
}

int main(int argc, char **argv) {
    struct sockaddr_in at = {.sin_family = AF_INET};
    char host[64];
    int port, on = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
    limit = atol(argv[1]);
    if (sscanf(argv[argc - 1], "%63[^:]:%d", host, &port) != 2) return 1;
    inet_pton(AF_INET, host, &at.sin_addr);
    at.sin_port = htons(port);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&at, sizeof at) || listen(listener, 64)) return perror("bind"), 1;
    for (;;) {
        pthread_t thread;
        long s = accept(listener, 0, 0);
        if (s >= 0 && !pthread_create(&thread, 0, serve, (void *)s)) pthread_detach(thread);
    }
}
