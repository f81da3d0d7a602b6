// passes: pthreads, and a count behind a mutex
#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int served;

static int change(int by, int limit) {
    pthread_mutex_lock(&lock);
    int may = by < 0 || served < limit;
    if (may) served += by;
    pthread_mutex_unlock(&lock);
    return may;
}

static void *serve(void *argument) {
    int stream = (int)(long)argument;
    char buffer[4096];
    ssize_t n;
    while ((n = read(stream, buffer, sizeof buffer)) > 0) {
        ssize_t sent = 0, some = 0;
        while (sent < n && (some = write(stream, buffer + sent, n - sent)) >= 0) sent += some;
        if (some < 0) break;
    }
    change(-1, 0);
    close(stream);
    return NULL;
}

static void refuse(int stream) {
    char buffer[4096];
    write(stream, "busy\n", 5);
    shutdown(stream, SHUT_WR);
    fcntl(stream, F_SETFL, O_NONBLOCK);
    for (int i = 0; i < 64 && read(stream, buffer, sizeof buffer) > 0; i++) {}
    close(stream);
}

int main(int argc, char **argv) {
    signal(SIGPIPE, SIG_IGN);
    int limit = atoi(argv[1]);
    char *colon = strrchr(argv[2], ':');
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(atoi(colon + 1))};
    inet_pton(AF_INET, "127.0.0.1", &addr.sin_addr);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&addr, sizeof addr) < 0) return 1;
    listen(listener, 128);
    for (;;) {
        int stream = accept(listener, NULL, NULL);
        if (stream < 0) continue;
        if (!change(1, limit)) {
            refuse(stream);
            continue;
        }
        pthread_t thread;
        if (pthread_create(&thread, NULL, serve, (void *)(long)stream) != 0) {
            change(-1, 0);
            close(stream);
        } else {
            pthread_detach(thread);
        }
    }
}
