// passes: one thread and poll, which wakes when the next limit is over
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 1000 };

struct client {
    int fd, parked;
    long after, until;
    char *in, *out;
    size_t in_len, out_len, sent;
};

static struct client *clients[MOST];
static int count;
static char **pieces;
static long news;

static long now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void answer(struct client *c, const char *status, const char *body, size_t n) {
    char head[100];
    int h = n ? sprintf(head, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n", status, n)
              : sprintf(head, "HTTP/1.1 %s\r\n\r\n", status);
    c->out = malloc(h + n);
    memcpy(c->out, head, h);
    memcpy(c->out + h, body, n);
    c->out_len = h + n;
    c->parked = 0;
}

static void tell(struct client *c) {
    char *body = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&body, &n);
    for (long i = c->after; i < news; i++)
        fprintf(f, "%ld %s\n", i + 1, pieces[i]);
    fclose(f);
    answer(c, "200 OK", body, n);
    free(body);
}

static void understand(struct client *c) {
    char *end = memmem(c->in, c->in_len, "\r\n\r\n", 4);
    if (!end)
        return;
    *end = 0;
    char *field = strcasestr(c->in, "\r\ncontent-length:");
    size_t length = field ? strtoul(field + 17, NULL, 10) : 0;
    if (c->in_len < (size_t)(end - c->in) + 4 + length) {
        *end = '\r';
        return;
    }
    if (strncmp(c->in, "POST /news ", 11) == 0) {
        pieces = realloc(pieces, (news + 1) * sizeof *pieces);
        pieces[news++] = strndup(end + 4, length);
        char number[30];
        answer(c, "201 Created", number, sprintf(number, "%ld\n", news));
        for (int i = 0; i < count; i++)
            if (clients[i]->parked && clients[i]->after < news)
                tell(clients[i]);
    } else if (strncmp(c->in, "GET /wait?", 10) == 0) {
        c->after = atol(strstr(c->in, "after=") + 6);
        c->until = now_ms() + atol(strstr(c->in, "limit=") + 6);
        c->parked = 1;
        if (c->after < news)
            tell(c);
    } else {
        answer(c, "404 Not Found", "", 0);
    }
}

// False: it is over.
static int serve(struct client *c, short events) {
    if (events & (POLLIN | POLLHUP | POLLERR)) {
        char more[65536];
        ssize_t n = read(c->fd, more, sizeof more);
        if (n <= 0)
            return 0;
        c->in = realloc(c->in, c->in_len + n + 1);
        memcpy(c->in + c->in_len, more, n);
        c->in_len += n;
        c->in[c->in_len] = 0;
        if (!c->parked && !c->out)
            understand(c);
    }
    return 1;
}

static int flush_out(struct client *c) {
    if (!c->out)
        return 1;
    ssize_t n = write(c->fd, c->out + c->sent, c->out_len - c->sent);
    if (n > 0)
        c->sent += n;
    return n >= 0 ? c->sent < c->out_len : 1;
}

static void leave(int i) {
    close(clients[i]->fd);
    free(clients[i]->in);
    free(clients[i]->out);
    free(clients[i]);
    clients[i] = clients[--count];
}

int main(int argc, char **argv) {
    signal(SIGPIPE, SIG_IGN);
    char *colon = strrchr(argv[argc - 1], ':');
    *colon = 0;
    struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons(atoi(colon + 1)) };
    inet_pton(AF_INET, argv[argc - 1], &addr.sin_addr);
    int listener = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listener, (struct sockaddr *)&addr, sizeof addr) || listen(listener, 64))
        return 1;
    for (;;) {
        struct pollfd fds[MOST + 1] = { { .fd = listener, .events = POLLIN } };
        long wait = -1, now = now_ms();
        int polled = count;
        for (int i = 0; i < polled; i++) {
            struct client *c = clients[i];
            fds[i + 1] = (struct pollfd){ c->fd, c->out ? POLLOUT : POLLIN, 0 };
            if (c->parked && (wait < 0 || c->until - now < wait))
                wait = c->until > now ? c->until - now : 0;
        }
        poll(fds, polled + 1, wait < 0 ? -1 : wait + 1);
        for (int i = polled - 1; i >= 0; i--) {
            struct client *c = clients[i];
            if (c->parked && c->until <= now_ms())
                answer(c, "204 No Content", "", 0);
            if ((fds[i + 1].revents & POLLERR) || !serve(c, c->out ? 0 : fds[i + 1].revents))
                leave(i);
        }
        if ((fds[0].revents & POLLIN) && count < MOST) {
            struct client *c = calloc(1, sizeof *c);
            c->fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
            clients[count++] = c;
        }
        for (int i = count - 1; i >= 0; i--)
            if (clients[i]->out && !flush_out(clients[i]))
                leave(i);
    }
}
