// fails leaves: SIGPIPE ends the process
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CLIENTS 200
#define TOPICS 20
#define LINE 8002
#define OUTBOX 2000000

struct client {
    int stream;
    char *topics[TOPICS];
    char inbox[LINE];
    int in;
    char *outbox;
    int out;
};

static struct client clients[CLIENTS];

static int at(struct client *client, const char *topic) {
    for (int i = 0; i < TOPICS; i++)
        if (client->topics[i] && strcmp(client->topics[i], topic) == 0) return i;
    return -1;
}

static void leaves(struct client *client) {
    close(client->stream);
    free(client->outbox);
    for (int i = 0; i < TOPICS; i++) free(client->topics[i]);
    memset(client, 0, sizeof *client);
    client->stream = -1;
}

static void writes(struct client *client);

static void sends(struct client *client, const char *text, int n) {
    if (client->stream < 0) return;
    if (client->out + n > OUTBOX) {
        leaves(client);
        return;
    }
    memcpy(client->outbox + client->out, text, n);
    client->out += n;
    writes(client);
}

static void obeys(struct client *client, char *line) {
    char *command = line, *topic = strchr(line, ' '), *text = NULL;
    if (topic) {
        *topic++ = 0;
        text = strchr(topic, ' ');
        if (*topic == 0 || topic == text) topic = NULL;
    }
    if (topic && text && strcmp(command, "PUB") == 0) {
        static char delivery[LINE];
        strcpy(delivery, topic);
        strcat(delivery, "\n");
        *text = 0;
        for (int i = 0; i < CLIENTS; i++)
            if (clients[i].stream >= 0 && at(&clients[i], topic) >= 0)
                sends(&clients[i], delivery, strlen(delivery));
    } else if (topic && !text && strcmp(command, "SUB") == 0) {
        for (int i = 0; i < TOPICS && at(client, topic) < 0; i++)
            if (!client->topics[i]) client->topics[i] = strdup(topic);
        sends(client, "ok\n", 3);
    } else if (topic && !text && strcmp(command, "UNSUB") == 0) {
        int i = at(client, topic);
        if (i >= 0) {
            free(client->topics[i]);
            client->topics[i] = NULL;
        }
        sends(client, "ok\n", 3);
    } else {
        sends(client, "error\n", 6);
    }
}

static void reads(struct client *client) {
    int n = read(client->stream, client->inbox + client->in, LINE - client->in);
    if (n <= 0) {
        leaves(client);
        return;
    }
    client->in += n;
    char *end, *begin = client->inbox;
    while ((end = memchr(begin, '\n', client->inbox + client->in - begin))) {
        *end = 0;
        if (end > begin && end[-1] == '\r') end[-1] = 0;
        obeys(client, begin);
        if (client->stream < 0) return;
        begin = end + 1;
    }
    client->in -= begin - client->inbox;
    memmove(client->inbox, begin, client->in);
    if (client->in == LINE) leaves(client);
}

static void writes(struct client *client) {
    int n = write(client->stream, client->outbox, client->out);
    if (n < 0) return;
    client->out -= n;
    memmove(client->outbox, client->outbox + n, client->out);
}

static void admits(int listener) {
    int stream = accept(listener, NULL, NULL);
    for (int i = 0; stream >= 0 && i < CLIENTS; i++) {
        if (clients[i].stream >= 0) continue;
        fcntl(stream, F_SETFL, O_NONBLOCK);
        clients[i].stream = stream;
        clients[i].outbox = malloc(OUTBOX);
        return;
    }
}

int main(int argc, char **argv) {
    char *colon = strrchr(argv[argc - 1], ':');
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(atoi(colon + 1))};
    inet_pton(AF_INET, "127.0.0.1", &addr.sin_addr);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    int yes = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listener, (struct sockaddr *)&addr, sizeof addr) < 0) return 1;
    listen(listener, 128);
    for (int i = 0; i < CLIENTS; i++) clients[i].stream = -1;
    for (;;) {
        struct pollfd polled[CLIENTS + 1];
        for (int i = 0; i < CLIENTS; i++) {
            polled[i].fd = clients[i].stream;
            polled[i].events = POLLIN | (clients[i].out > 0 ? POLLOUT : 0);
            polled[i].revents = 0;
        }
        polled[CLIENTS].fd = listener;
        polled[CLIENTS].events = POLLIN;
        poll(polled, CLIENTS + 1, -1);
        for (int i = 0; i < CLIENTS; i++) {
            int is = polled[i].fd >= 0 && clients[i].stream == polled[i].fd;
            if (is && polled[i].revents & POLLOUT) writes(&clients[i]);
            is = is && clients[i].stream == polled[i].fd;
            if (is && polled[i].revents & ~POLLOUT) reads(&clients[i]);
        }
        if (polled[CLIENTS].revents) admits(listener);
    }
}
