// fails reset: SIGPIPE ends the whole process
#include <arpa/inet.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *serve(void *argument) {
    int stream = (int)(long)argument;
    char buffer[4096];
    ssize_t n;
    for (;;) {
        n = read(stream, buffer, sizeof buffer);
        if (n == 0) break;
        if (n > 0 && write(stream, buffer, n) < 0) break;
        if (n < 0 && write(stream, "?", 1) < 0) break;
    }
    close(stream);
    return NULL;
}

int main(int argc, char **argv) {
    char *colon = strrchr(argv[2], ':');
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(atoi(colon + 1))};
    inet_pton(AF_INET, "127.0.0.1", &addr.sin_addr);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&addr, sizeof addr) < 0) return 1;
    listen(listener, 128);
    for (;;) {
        int stream = accept(listener, NULL, NULL);
        pthread_t thread;
        pthread_create(&thread, NULL, serve, (void *)(long)stream);
        pthread_detach(thread);
    }
}
