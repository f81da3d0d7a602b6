// fails twenty: one static buffer for all threads
#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char buffer[4096];

static void *serve(void *argument) {
    int stream = (int)(long)argument;
    ssize_t n;
    while ((n = read(stream, buffer, sizeof buffer)) > 0) {
        ssize_t sent = 0;
        while (sent < n) {
            ssize_t some = write(stream, buffer + sent, n - sent);
            if (some < 0) break;
            sent += some;
        }
    }
    close(stream);
    return NULL;
}

int main(int argc, char **argv) {
    signal(SIGPIPE, SIG_IGN);
    char *colon = strrchr(argv[2], ':');
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(atoi(colon + 1))};
    inet_pton(AF_INET, "127.0.0.1", &addr.sin_addr);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&addr, sizeof addr) < 0) return 1;
    listen(listener, 128);
    for (;;) {
        int stream = accept(listener, NULL, NULL);
        pthread_t thread;
        if (pthread_create(&thread, NULL, serve, (void *)(long)stream) == 0) {
            pthread_detach(thread);
        }
    }
}
