// passes: one thread, poll, and a queue for each client
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct client {
    char data[65536];
    size_t from, to;
    int over;
};

static volatile sig_atomic_t signals;

static void handler(int number) {
    (void)number;
    if (signals++)
        _exit(130);
}

int main(int argc, char **argv) {
    static struct pollfd fds[1000];
    static struct client *clients[1000];
    char *colon = strrchr(argv[argc - 1], ':');
    *colon = 0;
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(atoi(colon + 1))};
    inet_pton(AF_INET, argv[argc - 1], &addr.sin_addr);
    int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1, n = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    signal(SIGINT, handler);
    signal(SIGTERM, handler);
    signal(SIGPIPE, SIG_IGN);
    if (bind(listener, (struct sockaddr *)&addr, sizeof addr) < 0)
        return 1;
    listen(listener, 128);
    fcntl(listener, F_SETFL, O_NONBLOCK);
    fds[0].fd = listener;
    fds[0].events = POLLIN;
    while (n > 1 || !signals) {
        poll(fds, n, 100); /* A signal that comes just before is seen a little later. */
        if (signals && fds[0].fd >= 0) {
            close(listener);
            fds[0].fd = -1;
            for (int i = 1; i < n; i++)
                shutdown(fds[i].fd, SHUT_RD);
        }
        int stream = fds[0].fd < 0 ? -1 : accept(listener, NULL, NULL);
        if (stream >= 0 && n < 1000) {
            fcntl(stream, F_SETFL, O_NONBLOCK);
            fds[n].fd = stream;
            clients[n++] = calloc(1, sizeof(struct client));
        }
        for (int i = 1; i < n; i++) {
            struct client *c = clients[i];
            if (c->from == c->to && !c->over) {
                ssize_t got = recv(fds[i].fd, c->data, sizeof c->data, MSG_DONTWAIT);
                c->from = 0;
                c->to = got > 0 ? got : 0;
                c->over = got == 0;
            }
            if (c->from < c->to) {
                ssize_t put = send(fds[i].fd, c->data + c->from, c->to - c->from, 0);
                c->from += put > 0 ? put : 0;
            }
            int gone = fds[i].revents & (POLLERR | POLLNVAL);
            fds[i].events = c->from < c->to ? POLLOUT : POLLIN;
            if (gone || (c->over && c->from == c->to)) {
                close(fds[i].fd);
                free(c);
                fds[i] = fds[--n];
                clients[i--] = clients[n];
            }
        }
    }
    return 0;
}
