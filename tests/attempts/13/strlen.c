// fails both-ways: takes the bytes for a string that ends with zero
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct pair { int from, to; };
static struct sockaddr_in target;

static struct sockaddr_in address(const char *text) {
    struct sockaddr_in at = {.sin_family = AF_INET};
    char host[64];
    int port;
    if (sscanf(text, "%63[^:]:%d", host, &port) != 2) exit(1);
    inet_pton(AF_INET, host, &at.sin_addr);
    at.sin_port = htons(port);
    return at;
}

static void *carry(void *arg) {
    struct pair *way = arg;
    char buffer[16384];
    ssize_t n;
    while ((n = recv(way->from, buffer, sizeof buffer, 0)) > 0) {
        buffer[n < 16384 ? n : 16383] = 0;
        n = strlen(buffer);
        for (ssize_t done = 0; done < n;) {
            ssize_t sent = send(way->to, buffer + done, n - done, MSG_NOSIGNAL);
            if (sent < 0) { n = -1; break; }
            done += sent;
        }
        if (n < 0) break;
    }
    if (n == 0) {
        shutdown(way->to, SHUT_WR);
    } else {
        shutdown(way->from, SHUT_RDWR);
        shutdown(way->to, SHUT_RDWR);
    }
    return NULL;
}

static void *forward(void *arg) {
    int caller = (int)(long)arg;
    int server = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(server, (struct sockaddr *)&target, sizeof target) == 0) {
        struct pair up = {caller, server}, down = {server, caller};
        pthread_t thread;
        pthread_create(&thread, NULL, carry, &up);
        carry(&down);
        pthread_join(thread, NULL);
    }
    close(server);
    close(caller);
    return NULL;
}

int main(int argc, char **argv) {
    int on = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
    target = address(argv[argc - 2]);
    struct sockaddr_in at = address(argv[argc - 1]);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&at, sizeof at) || listen(listener, 128)) {
        perror("listen");
        return 1;
    }
    for (;;) {
        int caller = accept(listener, NULL, NULL);
        if (caller < 0) continue;
        pthread_t thread;
        pthread_create(&thread, NULL, forward, (void *)(long)caller);
        pthread_detach(thread);
    }
}
