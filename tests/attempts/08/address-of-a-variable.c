// fails idle-first: every thread is given the address of the same variable
#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *serve(void *argument) {
    char buffer[4096];
    ssize_t n;
    while ((n = read(*(int *)argument, buffer, sizeof buffer)) > 0) {
        write(*(int *)argument, buffer, n);
    }
    close(*(int *)argument);
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
    int stream;
    for (;;) {
        stream = accept(listener, NULL, NULL);
        pthread_t thread;
        pthread_create(&thread, NULL, serve, &stream);
        pthread_detach(thread);
    }
}
