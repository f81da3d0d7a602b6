// fails port-free: its listener does not allow reuse
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static volatile sig_atomic_t stopping;
static int streams[1000], clients;
static pthread_t threads[1000];

static void handler(int number) {
    (void)number;
    stopping = 1;
}

static void *echo(void *arg) {
    int stream = *(int *)arg;
    char buffer[4096];
    ssize_t n;
    while ((n = recv(stream, buffer, sizeof buffer, 0)) > 0) {
        for (ssize_t done = 0; done < n;) {
            ssize_t more = send(stream, buffer + done, n - done, MSG_NOSIGNAL);
            if (more < 0)
                n = -1;
            done += more;
        }
    }
    shutdown(stream, SHUT_WR);
    return NULL;
}

int main(int argc, char **argv) {
    char *colon = strrchr(argv[argc - 1], ':');
    *colon = 0;
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(atoi(colon + 1))};
    inet_pton(AF_INET, argv[argc - 1], &addr.sin_addr);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESETHAND};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigset_t both;
    sigemptyset(&both);
    sigaddset(&both, SIGINT);
    sigaddset(&both, SIGTERM);
    if (bind(listener, (struct sockaddr *)&addr, sizeof addr) < 0)
        return 1;
    listen(listener, 128);
    while (!stopping && clients < 1000) {
        int stream = accept(listener, NULL, NULL);
        if (stream < 0)
            continue;
        streams[clients] = stream;
        pthread_sigmask(SIG_BLOCK, &both, NULL); /* The main thread gets the signals. */
        pthread_create(&threads[clients], NULL, echo, &streams[clients]);
        pthread_sigmask(SIG_UNBLOCK, &both, NULL);
        clients++;
    }
    close(listener);
    for (int i = 0; i < clients; i++)
        shutdown(streams[i], SHUT_RD);
    for (int i = 0; i < clients; i++)
        pthread_join(threads[i], NULL);
    return 0;
}
